//! Every image and its version, in one table.

use std::fmt;

/// An image: where it is, its tag, and the digest that the tag must have, where one is pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Registry and repository.
    pub repository: &'static str,
    /// The tag; never `latest`.
    pub tag: &'static str,
    /// `sha256:…`; a digest holds where a tag can be moved.
    pub digest: Option<&'static str>,
}

const fn image(repository: &'static str, tag: &'static str) -> Image {
    Image {
        repository,
        tag,
        digest: None,
    }
}

/// The collector with what a cluster needs.
pub const COLLECTOR: Image = image(
    "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s",
    "0.159.0",
);
/// The collector with everything.
pub const COLLECTOR_CONTRIB: Image = image(
    "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib",
    "0.159.0",
);
/// Jaeger v2: collector and query are one program.
pub const JAEGER: Image = image("docker.io/jaegertracing/jaeger", "2.20.0");
/// Deletes Jaeger's old indices.
pub const JAEGER_INDEX_CLEANER: Image =
    image("docker.io/jaegertracing/jaeger-es-index-cleaner", "2.20.0");
/// Writes templates and begins indices for Jaeger.
pub const JAEGER_ROLLOVER: Image = image("docker.io/jaegertracing/jaeger-es-rollover", "2.20.0");
/// The newest Elasticsearch that Jaeger 2.20 is tested with.
pub const ELASTICSEARCH: Image = Image {
    digest: Some("sha256:be5f49784ff5ec8a5b5d7ba17f944d9d6b10c067f596ee93e6b6cb82d2dd874c"),
    ..image("docker.elastic.co/elasticsearch/elasticsearch", "9.4.2")
};
/// Shows as metrics what an Elasticsearch says of itself.
pub const ELASTICSEARCH_EXPORTER: Image = image(
    "quay.io/prometheuscommunity/elasticsearch-exporter",
    "v1.11.0",
);
/// Prometheus.
pub const PROMETHEUS: Image = image("docker.io/prom/prometheus", "v3.14.0");
/// Alertmanager.
pub const ALERTMANAGER: Image = image("docker.io/prom/alertmanager", "v0.34.0");
/// VictoriaMetrics in one process.
pub const VICTORIA_METRICS: Image = image("docker.io/victoriametrics/victoria-metrics", "v1.150.0");
/// Takes samples for a VictoriaMetrics cluster.
pub const VMINSERT: Image = image("docker.io/victoriametrics/vminsert", "v1.150.0-cluster");
/// Answers for a VictoriaMetrics cluster.
pub const VMSELECT: Image = image("docker.io/victoriametrics/vmselect", "v1.150.0-cluster");
/// Keeps for a VictoriaMetrics cluster.
pub const VMSTORAGE: Image = image("docker.io/victoriametrics/vmstorage", "v1.150.0-cluster");
/// Measures for VictoriaMetrics.
pub const VMAGENT: Image = image("docker.io/victoriametrics/vmagent", "v1.150.0");
/// Works out rules against VictoriaMetrics.
pub const VMALERT: Image = image("docker.io/victoriametrics/vmalert", "v1.150.0");
/// Tempo.
pub const TEMPO: Image = image("docker.io/grafana/tempo", "3.0.3");
/// Loki.
pub const LOKI: Image = image("docker.io/grafana/loki", "3.7.6");
/// Grafana; the last minor with every data source of this catalogue in the program itself.
pub const GRAFANA: Image = image("docker.io/grafana/grafana", "13.1.0");

/// Postgres: the server, and the programs that copy from it.
pub const POSTGRES: Image = image("docker.io/library/postgres", "18.4");
/// Copies files to buckets of every cloud.
pub const RCLONE: Image = image("docker.io/rclone/rclone", "1.76.0");
/// A login in front of what has none.
pub const OAUTH2_PROXY: Image = image("quay.io/oauth2-proxy/oauth2-proxy", "v7.15.3");

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            repository,
            tag,
            digest,
        } = self;
        write!(f, "{repository}:{tag}")?;
        digest.map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

impl From<Image> for String {
    fn from(image: Image) -> Self {
        image.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_image_names_its_registry_and_a_version() {
        for image in [
            COLLECTOR,
            COLLECTOR_CONTRIB,
            JAEGER,
            JAEGER_INDEX_CLEANER,
            JAEGER_ROLLOVER,
            ELASTICSEARCH,
            ELASTICSEARCH_EXPORTER,
            PROMETHEUS,
            ALERTMANAGER,
            TEMPO,
            VICTORIA_METRICS,
            VMINSERT,
            VMSELECT,
            VMSTORAGE,
            VMAGENT,
            VMALERT,
            LOKI,
            GRAFANA,
            POSTGRES,
            RCLONE,
            OAUTH2_PROXY,
        ] {
            let registry = image.repository.split('/').next().unwrap();
            assert!(registry.contains('.'), "{image}");
            assert!(image.tag.contains(|c: char| c.is_ascii_digit()), "{image}");
        }
        assert!(ELASTICSEARCH.to_string().contains(":9.4.2@sha256:"));
    }
}
