#!/bin/bash
# Makes an Elasticsearch as it was described. Every request is a PUT that says all of one thing: it may run again.
#
# /setup/requests has a line for each: the path, the file with the body, and whose password belongs into it, or `-`.
set -euo pipefail

passwords=/run/elasticsearch
options=(--silent --show-error --max-time 60 --header 'Content-Type: application/json')
if [[ -n ${CA:-} ]]; then
    options+=(--cacert "$CA")
fi

# A password on the command line could be read in the list of processes.
login() {
    if [[ -f $passwords/elastic ]]; then
        printf 'user = "elastic:%s"\n' "$(<"$passwords/elastic")"
    fi
}

ask() {
    curl "${options[@]}" --config <(login) "$@"
}

for attempt in {1..60}; do
    if ask --fail --output /dev/null "$URL/_cluster/health?wait_for_status=yellow&timeout=10s"; then
        break
    fi
    if ((attempt == 60)); then
        echo "the cluster did not come up in ten minutes" >&2
        exit 1
    fi
    sleep 5
done

while IFS=$'\t' read -r path file who; do
    body=$(<"/setup/$file")
    if [[ $who != - ]]; then
        body=${body//@PASSWORD@/$(<"$passwords/$who")}
    fi
    if ! answer=$(ask --fail-with-body --request PUT --data-binary @- "$URL/$path" <<<"$body"); then
        # The answer names what was wrong with the request; it never holds a password.
        printf 'PUT %s: %s\n' "$path" "$answer" >&2
        exit 1
    fi
    echo "PUT $path"
done </setup/requests
