//! How Jaeger v2 keeps traces in Elasticsearch: who it is there, which indices it writes, when a new one begins.

use serde::{Deserialize, Serialize};

use super::{connection::ClientTls, is_default};
use crate::Duration;

/// Traces in Elasticsearch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ElasticsearchBackend {
    /// Base URLs.
    pub server_urls: Vec<String>,
    /// Who it is there.
    #[serde(skip_serializing_if = "is_default")]
    pub auth: ElasticsearchAuth,
    /// TLS for `https` URLs.
    #[serde(skip_serializing_if = "is_default")]
    pub tls: ClientTls,
    /// The indices.
    pub indices: Indices,
    /// Whether it writes the index templates when it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_mappings: Option<bool>,
    /// How far back a trace is looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_span_age: Option<Duration>,
    /// How writes are put together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulk_processing: Option<BulkProcessing>,
}

/// Who asks; at most one way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ElasticsearchAuth {
    /// A name and a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic: Option<BasicAuth>,
}

/// A name, and a file with its password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BasicAuth {
    /// The name.
    pub username: String,
    /// The file.
    pub password_file: String,
    /// How often it is read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reload_interval: Option<Duration>,
}

/// The indices of one Jaeger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Indices {
    /// What their names begin with, so that two Jaegers can share a cluster.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub index_prefix: String,
    /// Spans.
    pub spans: Index,
    /// The names of services and operations.
    pub services: Index,
    /// Who calls whom.
    pub dependencies: Index,
    /// Adaptive sampling.
    pub sampling: Index,
}

/// One family of indices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Index {
    /// Into how many parts each index is split.
    pub shards: u32,
    /// How many copies of each part there are beside the first.
    pub replicas: u32,
    /// When a new one is begun.
    pub rotation: Rotation,
}

/// When a new index is begun: exactly one way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rotation {
    /// Every day or hour; old ones are deleted by a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub periodic: Option<Periodic>,
    /// When a job says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual_rollover: Option<ManualRollover>,
    /// When Elasticsearch's own lifecycle policy says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_rollover: Option<AutoRollover>,
    /// As Elasticsearch's data streams do; 2.20 knows the word and refuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_stream: Option<DataStream>,
}

/// A new index every day or hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Periodic {
    /// The date in the index's name, as Go writes layouts.
    pub date_layout: String,
    /// `day` or `hour`; must fit the layout.
    pub rollover_frequency: String,
}

/// A new index when a job begins one. The aliases have to be there before Jaeger starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ManualRollover {
    /// The name of all indices together; `<index>-read` where nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub read_alias: String,
    /// The name of the index that is written; `<index>-write` where nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub write_alias: String,
}

/// A new index when the lifecycle policy begins one. Policy and aliases have to be there before Jaeger starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoRollover {
    /// The name of all indices together; `<index>-read` where nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub read_alias: String,
    /// The name of the index that is written; `<index>-write` where nothing is said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub write_alias: String,
    /// The lifecycle policy.
    pub policy_name: String,
}

/// A data stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataStream {
    /// The lifecycle policy.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub policy_name: String,
    /// A file with the policy, which Jaeger writes when it starts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub policy_file: String,
    /// Another name to read by.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub read_alias: String,
}

/// How writes are put together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BulkProcessing {
    /// So many bytes are sent at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// So many documents are sent at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_actions: Option<u64>,
    /// Fewer are sent after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flush_interval: Option<Duration>,
    /// How many requests are under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
}

impl Default for Periodic {
    fn default() -> Self {
        Self {
            date_layout: "2006-01-02".to_owned(),
            rollover_frequency: "day".to_owned(),
        }
    }
}

impl Index {
    /// A new index every day, split and copied so many times.
    pub fn daily(shards: u32, replicas: u32) -> Self {
        Self {
            shards,
            replicas,
            rotation: Rotation {
                periodic: Some(Periodic::default()),
                ..Rotation::default()
            },
        }
    }

    /// A new index when the lifecycle policy of that name begins one, split and copied so many times.
    pub fn rolled_over(shards: u32, replicas: u32, policy: &str) -> Self {
        Self {
            shards,
            replicas,
            rotation: Rotation {
                auto_rollover: Some(AutoRollover {
                    policy_name: policy.to_owned(),
                    ..AutoRollover::default()
                }),
                ..Rotation::default()
            },
        }
    }
}

impl Rotation {
    fn mistakes(&self, what: &str) -> Vec<String> {
        let Self {
            periodic,
            manual_rollover,
            auto_rollover,
            data_stream,
        } = self;
        let ways = [
            periodic.is_some(),
            manual_rollover.is_some(),
            auto_rollover.is_some(),
            data_stream.is_some(),
        ];
        let mut found = Vec::new();
        let count = ways.iter().filter(|way| **way).count();
        if count > 1 {
            found.push(format!(
                "indices.{what}.rotation: at most one way is possible, and {count} are given"
            ));
        }
        if data_stream.is_some() {
            found.push(format!(
                "indices.{what}.rotation: `data_stream` is not implemented yet; `auto_rollover` has a lifecycle policy too"
            ));
        }
        if let Some(Periodic {
            date_layout,
            rollover_frequency,
        }) = periodic
        {
            let hours = date_layout.contains("15");
            if hours != (rollover_frequency == "hour") {
                found.push(format!(
                    "indices.{what}.rotation.periodic: a layout of `{date_layout}` does not begin a new index every {rollover_frequency}"
                ));
            }
        }
        found
    }
}

impl ElasticsearchBackend {
    pub(super) fn mistakes(&self) -> Vec<String> {
        let Indices {
            index_prefix: _,
            spans,
            services,
            dependencies,
            sampling,
        } = &self.indices;
        let families = [
            ("spans", spans),
            ("services", services),
            ("dependencies", dependencies),
            ("sampling", sampling),
        ];
        let mut found: Vec<String> = families
            .into_iter()
            .flat_map(|(what, index)| index.rotation.mistakes(what))
            .collect();
        if self.server_urls.is_empty() {
            found.push("server_urls: at least one is needed".to_owned());
        }
        if let Some(basic) = &self.auth.basic
            && (basic.username.is_empty() || basic.password_file.is_empty())
        {
            found.push("auth.basic: `username` and `password_file` are needed together".to_owned());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend(spans: Index) -> ElasticsearchBackend {
        ElasticsearchBackend {
            server_urls: vec!["http://search:9200".to_owned()],
            indices: Indices {
                spans,
                ..Indices::default()
            },
            ..ElasticsearchBackend::default()
        }
    }

    #[test]
    fn an_index_begins_in_one_way_that_the_program_knows() {
        let rolled = Index::rolled_over(1, 1, "traces");
        let mut both = rolled.clone();
        both.rotation.periodic = Some(Periodic::default());
        let mut stream = Index::default();
        stream.rotation.data_stream = Some(DataStream::default());
        let mut hourly = Index::daily(1, 1);
        hourly.rotation.periodic = Some(Periodic {
            date_layout: "2006-01-02-15".to_owned(),
            ..Periodic::default()
        });
        for (spans, mistake) in [
            (Index::daily(1, 1), None),
            (rolled, None),
            (both, Some("at most one way is possible, and 2 are given")),
            (stream, Some("`data_stream` is not implemented yet")),
            (hourly, Some("does not begin a new index every day")),
        ] {
            let found = backend(spans).mistakes();
            assert_eq!(found.len(), usize::from(mistake.is_some()), "{found:?}");
            assert!(
                mistake.is_none_or(|mistake| found[0].contains(mistake)),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_name_without_a_password_is_nobody() {
        let mut nobody = backend(Index::daily(1, 1));
        nobody.auth.basic = Some(BasicAuth {
            username: "jaeger".to_owned(),
            ..BasicAuth::default()
        });
        assert_eq!(
            nobody.mistakes(),
            ["auth.basic: `username` and `password_file` are needed together"]
        );
    }
}
