#!/bin/bash
# Copies the settings to where the program may write beside them, and adds what snapshots need and no file may hold.
set -euo pipefail

cp --recursive --no-preserve=mode,ownership /usr/share/elasticsearch/config/. /settings

keystore() {
    ES_PATH_CONF=/settings elasticsearch-keystore "$@"
}

if [[ -n ${AWS_ACCESS_KEY_ID:-} ]]; then
    keystore create
    printf '%s' "$AWS_ACCESS_KEY_ID" | keystore add --stdin s3.client.default.access_key
    printf '%s' "$AWS_SECRET_ACCESS_KEY" | keystore add --stdin s3.client.default.secret_key
elif [[ -n ${GOOGLE_APPLICATION_CREDENTIALS:-} ]]; then
    keystore create
    keystore add-file gcs.client.default.credentials_file "$GOOGLE_APPLICATION_CREDENTIALS"
elif [[ -n ${AWS_WEB_IDENTITY_TOKEN_FILE:-} ]]; then
    # The program reads nothing outside its own directory, and this only by a link with this name.
    mkdir --parents /settings/repository-s3
    ln --symbolic "$AWS_WEB_IDENTITY_TOKEN_FILE" /settings/repository-s3/aws-web-identity-token-file
fi
