//! Which checks of a policy checker are not followed, on what, and why?

/// A check that is not followed: which, on what (a kind and the end of a name, or everything), and why.
pub(super) struct Skip(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) &'static str,
);

pub(super) const SKIPS: &[Skip] = &[
    Skip(
        "CKV_K8S_11",
        "",
        "a limit on processor time slows down what could use an idle core; memory is limited",
    ),
    Skip(
        "CKV_K8S_15",
        "",
        "tags are versions, and a node that has the image starts it when the registry does not answer",
    ),
    Skip(
        "CKV_K8S_43",
        "",
        "the table of images has a slot for a digest; who mirrors images fills it",
    ),
    Skip(
        "CKV_K8S_40",
        "StatefulSet search",
        "Elasticsearch's image keeps its files as user 1000",
    ),
    Skip(
        "CKV_K8S_40",
        "StatefulSet grafana",
        "Grafana's image keeps its files as user 472",
    ),
    Skip(
        "CKV_K8S_40",
        "DaemonSet node",
        "logs on a node belong to root, and to nobody else",
    ),
    Skip(
        "CKV_K8S_23",
        "DaemonSet node",
        "the same; it runs without any capability",
    ),
    Skip(
        "CKV_K8S_38",
        "DaemonSet node",
        "it asks the API which Pod something comes from",
    ),
    Skip(
        "CKV_K8S_38",
        "Deployment otlp",
        "it asks the API where the samplers are",
    ),
    Skip(
        "CKV_K8S_38",
        "StatefulSet prometheus",
        "it asks the API where to measure",
    ),
    Skip(
        "CKV_K8S_8",
        "StatefulSet loki",
        "it joins a ring: one that is restarted while it waits makes it worse",
    ),
    Skip(
        "CKV_K8S_8",
        "StatefulSet search",
        "a member that is busy is not broken, and a restart moves its shards",
    ),
    Skip(
        "CKV_K8S_8",
        "Deployment jaeger-collector",
        "it answers only when its store does",
    ),
    Skip(
        "CKV_K8S_8",
        "Deployment jaeger-query",
        "it answers only when its store does",
    ),
    Skip(
        "CKV_K8S_26",
        "DaemonSet node",
        "programs were to reach the agent by the address of their node",
    ),
    Skip(
        "CKV_K8S_35",
        "StatefulSet loki",
        "it reads the keys of a bucket from variables only",
    ),
    Skip(
        "CKV_K8S_35",
        "StatefulSet tempo",
        "it reads the keys of a bucket from variables only",
    ),
    Skip(
        "CKV_K8S_35",
        "StatefulSet search",
        "the keys of a bucket go into a keystore before it starts, and only what fills that sees them",
    ),
    Skip(
        "CKV_K8S_35",
        "StatefulSet search-master",
        "the keys of a bucket go into a keystore before it starts, and only what fills that sees them",
    ),
    Skip(
        "CKV_K8S_35",
        "CronJob grafana-db-dump",
        "what uploads reads the keys of a bucket from variables",
    ),
    Skip(
        "CKV_K8S_35",
        "CronJob daily-index-cleaner",
        "it reads its password from a variable only",
    ),
    Skip(
        "CKV_K8S_35",
        "CronJob jaeger-index-cleaner",
        "it reads its password from a variable only",
    ),
    Skip(
        "CKV_K8S_35",
        "Job jaeger-first-indices",
        "it reads its password from a variable only",
    ),
    Skip(
        "CKV_K8S_35",
        "Job jaeger-archive-first-indices",
        "it reads its password from a variable only",
    ),
    Skip(
        "CKV_K8S_35",
        "Deployment search-metrics",
        "it reads its password from a variable only",
    ),
    Skip(
        "CKV_K8S_38",
        "Deployment cluster",
        "it asks the API what there is in the cluster",
    ),
    Skip(
        "CKV_K8S_38",
        "StatefulSet shard",
        "it asks the API where to measure",
    ),
    Skip(
        "CKV_K8S_38",
        "StatefulSet victoria",
        "it asks the API where to measure",
    ),
    Skip(
        "CKV_K8S_38",
        "StatefulSet victorias-agent",
        "it asks the API where to measure",
    ),
    Skip(
        "CKV_K8S_40",
        "StatefulSet search-master",
        "Elasticsearch's image keeps its files as user 1000",
    ),
    Skip(
        "CKV_K8S_40",
        "Job search-setup",
        "Elasticsearch's image keeps its files as user 1000",
    ),
    Skip(
        "CKV_K8S_40",
        "Deployment grafana",
        "Grafana's image keeps its files as user 472",
    ),
    Skip(
        "CKV_K8S_40",
        "StatefulSet grafana-db",
        "Postgres' image knows its own user only",
    ),
    Skip(
        "CKV_K8S_8",
        "StatefulSet search-master",
        "a member that is busy is not broken, and a restart moves its shards",
    ),
    Skip(
        "CKV_K8S_8",
        "StatefulSet alone",
        "while it reads its log again it is busy and not broken, and a restart begins that anew",
    ),
    Skip(
        "CKV_K8S_8",
        "StatefulSet tempo",
        "while it reads its log again it is busy and not broken, and a restart begins that anew",
    ),
    Skip(
        "CKV_K8S_8",
        "StatefulSet disk",
        "while it reads its log again it is busy and not broken, and a restart begins that anew",
    ),
    Skip(
        "CKV_K8S_8",
        "StatefulSet google",
        "while it reads its log again it is busy and not broken, and a restart begins that anew",
    ),
    Skip(
        "CKV_K8S_8",
        "StatefulSet grafana-db",
        "a database that recovers is busy and not broken, and a restart begins that anew",
    ),
    Skip(
        "CKV_K8S_8",
        "Deployment daily-collector",
        "it answers only when its store does",
    ),
    Skip(
        "CKV_K8S_8",
        "Deployment daily-query",
        "it answers only when its store does",
    ),
    Skip(
        "CKV_K8S_8",
        "Deployment jaeger",
        "all traces are in its memory: a restart loses them",
    ),
    Skip(
        "CKV_K8S_8",
        "Deployment search-metrics",
        "it answers only when Elasticsearch does",
    ),
    Skip(
        "CKV_K8S_8",
        "Deployment cart",
        "an example's program: its owner knows how to ask whether it is broken",
    ),
    Skip(
        "CKV_K8S_8",
        "Deployment catalog",
        "an example's program: its owner knows how to ask whether it is broken",
    ),
    Skip(
        "CKV_K8S_8",
        "Deployment payment",
        "an example's program: its owner knows how to ask whether it is broken",
    ),
    Skip(
        "CKV_K8S_8",
        "Deployment stock",
        "an example's program: its owner knows how to ask whether it is broken",
    ),
];
