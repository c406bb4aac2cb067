//! Which other component types there are in `otelcol-contrib`, whose settings are passed on as they are?

use crate::component::Class;
use crate::{ComponentType, Distribution};

/// The name, the name of old and the version of the change (or nothing and 0), and the first version of the
/// distribution with it (or 0 where it was there before anyone asks).
type Row = (&'static str, &'static str, u16, u16);

const fn table<const N: usize>(
    class: Class,
    distributions: &'static [Distribution],
    rows: [Row; N],
) -> [ComponentType; N] {
    let mut types = [ComponentType::named(class, ""); N];
    let mut at = 0;
    while at < N {
        let (name, old, changed, since) = rows[at];
        let mut found = ComponentType::named(class, name).within(distributions);
        if changed > 0 {
            found = found.renamed_from(old, changed);
        }
        if since > 0 {
            found = found.since(since);
        }
        types[at] = found;
        at += 1;
    }
    types
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static ComponentType> {
    [
        &RECEIVERS_CORE[..],
        &RECEIVERS_CLUSTER[..],
        &RECEIVERS_CORE_CONTRIB[..],
        &RECEIVERS_CONTRIB[..],
        &PROCESSORS_CLUSTER[..],
        &PROCESSORS_CORE_CONTRIB[..],
        &PROCESSORS_CONTRIB[..],
        &EXPORTERS_CLUSTER[..],
        &EXPORTERS_CORE_CONTRIB[..],
        &EXPORTERS_CONTRIB[..],
        &CONNECTORS_CLUSTER[..],
        &CONNECTORS_CONTRIB[..],
        &EXTENSIONS_CLUSTER[..],
        &EXTENSIONS_CONTRIB[..],
    ]
    .into_iter()
    .flatten()
}

const CORE_AND_CONTRIB: &[Distribution] = &[Distribution::Core, Distribution::Contrib];

static RECEIVERS_CORE: [ComponentType; 2] = table(
    Class::Receiver,
    Distribution::CORE,
    [("jaeger", "", 0, 0), ("zipkin", "", 0, 0)],
);

static RECEIVERS_CLUSTER: [ComponentType; 5] = table(
    Class::Receiver,
    Distribution::COLLECTORS,
    [
        ("fluent_forward", "fluentforward", 151, 0),
        ("http_check", "httpcheck", 150, 0),
        ("journald", "", 0, 0),
        ("otelarrow", "", 0, 105),
        ("receiver_creator", "", 0, 0),
    ],
);

static RECEIVERS_CORE_CONTRIB: [ComponentType; 1] =
    table(Class::Receiver, CORE_AND_CONTRIB, [("kafka", "", 0, 0)]);

static RECEIVERS_CONTRIB: [ComponentType; 91] = table(
    Class::Receiver,
    Distribution::CONTRIB,
    [
        ("active_directory_ds", "", 0, 0),
        ("active_directory_inv", "", 0, 0),
        ("aerospike", "", 0, 0),
        ("apache", "", 0, 0),
        ("apache_spark", "apachespark", 154, 80),
        ("aws_cloudwatch", "awscloudwatch", 156, 0),
        ("aws_lambda", "awslambda", 152, 148),
        ("awscontainerinsightreceiver", "", 0, 0),
        ("awsecscontainermetrics", "", 0, 0),
        ("awsfirehose", "", 0, 0),
        ("awss3", "", 0, 113),
        ("awsxray", "", 0, 0),
        ("azure_blob", "azureblob", 148, 80),
        ("azure_event_hub", "azureeventhub", 145, 72),
        ("azure_monitor", "azuremonitor", 148, 76),
        ("carbon", "", 0, 0),
        ("chrony", "", 0, 80),
        ("cisco_os", "", 0, 148),
        ("cloud_foundry", "cloudfoundry", 152, 0),
        ("cloudflare", "", 0, 74),
        ("collectd", "", 0, 0),
        ("couchdb", "", 0, 0),
        ("datadog", "", 0, 71),
        ("docker_stats", "", 0, 0),
        ("elasticsearch", "", 0, 0),
        ("envoy_als", "envoyals", 154, 121),
        ("expvar", "", 0, 0),
        ("faro", "", 0, 127),
        ("file_stats", "filestats", 151, 78),
        ("flink_metrics", "flinkmetrics", 155, 0),
        ("github", "", 0, 109),
        ("gitlab", "", 0, 139),
        ("google_cloud_spanner", "googlecloudspanner", 152, 0),
        ("googlecloudmonitoring", "", 0, 112),
        ("googlecloudpubsub", "", 0, 0),
        ("googlecloudpubsubpush", "", 0, 0),
        ("haproxy", "", 0, 80),
        ("iis", "", 0, 0),
        ("influxdb", "", 0, 0),
        ("kafka_metrics", "kafkametrics", 152, 0),
        ("libhoney", "", 0, 117),
        ("loki", "", 0, 76),
        ("macos_unified_logging", "macosunifiedlogging", 148, 142),
        ("memcached", "", 0, 0),
        ("mongodb", "", 0, 0),
        ("mongodb_atlas", "mongodbatlas", 145, 0),
        ("mysql", "", 0, 0),
        ("named_pipe", "namedpipe", 150, 94),
        ("netflow", "", 0, 121),
        ("nginx", "", 0, 0),
        ("nsxt", "", 0, 0),
        ("ntp", "", 0, 113),
        ("oracledb", "", 0, 80),
        ("otlp_json_file", "otlpjsonfile", 154, 0),
        ("podman_stats", "", 0, 0),
        ("postgresql", "", 0, 0),
        ("pprof", "", 0, 148),
        ("prometheus_remote_write", "prometheusremotewrite", 148, 131),
        ("prometheus_simple", "", 0, 0),
        ("pulsar", "", 0, 72),
        ("purefa", "", 0, 0),
        ("purefb", "", 0, 71),
        ("rabbitmq", "", 0, 0),
        ("redis", "", 0, 0),
        ("riak", "", 0, 0),
        ("saphana", "", 0, 123),
        ("skywalking", "", 0, 0),
        ("snmp", "", 0, 0),
        ("snowflake", "", 0, 80),
        ("solace", "", 0, 0),
        ("splunk_enterprise", "splunkenterprise", 155, 101),
        ("splunk_hec", "", 0, 0),
        ("sql_query", "sqlquery", 159, 0),
        ("sqlserver", "", 0, 0),
        ("ssh_check", "sshcheck", 151, 80),
        ("statsd", "", 0, 0),
        ("stef", "", 0, 127),
        ("syslog", "", 0, 0),
        ("systemd", "", 0, 142),
        ("tcp_check", "tcpcheck", 152, 122),
        ("tcp_log", "tcplog", 150, 0),
        ("tls_check", "tlscheck", 150, 122),
        ("udp_log", "udplog", 150, 0),
        ("vcenter", "", 0, 0),
        ("wavefront", "", 0, 0),
        ("webhook_event", "webhookevent", 154, 84),
        ("windows_event_log", "windowseventlog", 150, 72),
        ("windows_service", "windowsservice", 154, 155),
        ("windowsperfcounters", "", 0, 0),
        ("yang_grpc", "yanggrpc", 148, 142),
        ("zookeeper", "", 0, 0),
    ],
);

static PROCESSORS_CLUSTER: [ComponentType; 8] = table(
    Class::Processor,
    Distribution::COLLECTORS,
    [
        ("delta_to_rate", "deltatorate", 158, 0),
        ("drain", "", 0, 152),
        ("groupbyattrs", "", 0, 0),
        ("interval", "", 0, 119),
        ("log_dedup", "logdedup", 151, 107),
        ("metrics_transform", "metricstransform", 152, 0),
        ("redaction", "", 0, 0),
        ("remotetap", "", 0, 89),
    ],
);

static PROCESSORS_CORE_CONTRIB: [ComponentType; 1] =
    table(Class::Processor, CORE_AND_CONTRIB, [("span", "", 0, 0)]);

static PROCESSORS_CONTRIB: [ComponentType; 10] = table(
    Class::Processor,
    Distribution::CONTRIB,
    [
        ("cardinality_guardian", "", 0, 157),
        ("gen_ai_normalizer", "genainormalizer", 154, 154),
        ("geoip", "", 0, 108),
        ("isolationforest", "", 0, 133),
        ("metric_start_time", "metricstarttime", 148, 127),
        ("metricsgeneration", "", 0, 0),
        ("schema", "", 0, 123),
        ("span_pruning", "spanpruning", 157, 0),
        ("sumologic", "", 0, 89),
        ("unroll", "", 0, 138),
    ],
);

static EXPORTERS_CLUSTER: [ComponentType; 1] = table(
    Class::Exporter,
    Distribution::COLLECTORS,
    [("otelarrow", "", 0, 105)],
);

static EXPORTERS_CORE_CONTRIB: [ComponentType; 2] = table(
    Class::Exporter,
    CORE_AND_CONTRIB,
    [("kafka", "", 0, 0), ("zipkin", "", 0, 0)],
);

static EXPORTERS_CONTRIB: [ComponentType; 35] = table(
    Class::Exporter,
    Distribution::CONTRIB,
    [
        ("alibabacloud_logservice", "", 0, 0),
        ("awscloudwatchlogs", "", 0, 0),
        ("awsemf", "", 0, 0),
        ("awskinesis", "", 0, 0),
        ("awsxray", "", 0, 0),
        ("azure_blob", "azureblob", 148, 124),
        ("azure_monitor", "azuremonitor", 159, 0),
        ("azuredataexplorer", "", 0, 0),
        ("bmc_helix", "bmchelix", 152, 120),
        ("cassandra", "", 0, 80),
        ("clickhouse", "", 0, 0),
        ("coralogix", "", 0, 0),
        ("datadog", "", 0, 0),
        ("dataset", "", 0, 78),
        ("doris", "", 0, 116),
        ("faro", "", 0, 127),
        ("googlecloud", "", 0, 0),
        ("googlecloudpubsub", "", 0, 0),
        ("googlemanagedprometheus", "", 0, 0),
        ("honeycomb_marker", "honeycombmarker", 151, 90),
        ("influxdb", "", 0, 0),
        ("logicmonitor", "", 0, 71),
        ("logzio", "", 0, 0),
        ("mezmo", "", 0, 0),
        ("opensearch", "", 0, 92),
        ("pulsar", "", 0, 0),
        ("rabbitmq", "", 0, 104),
        ("sentry", "", 0, 0),
        ("signalfx", "", 0, 0),
        ("splunk_hec", "", 0, 0),
        ("stef", "", 0, 127),
        ("sumologic", "", 0, 0),
        ("syslog", "", 0, 89),
        ("tencentcloud_logservice", "", 0, 0),
        ("tinybird", "", 0, 131),
    ],
);

static CONNECTORS_CLUSTER: [ComponentType; 4] = table(
    Class::Connector,
    Distribution::COLLECTORS,
    [
        ("exceptions", "", 0, 98),
        ("failover", "", 0, 116),
        ("otlp_json", "otlpjson", 152, 106),
        ("round_robin", "roundrobin", 152, 100),
    ],
);

static CONNECTORS_CONTRIB: [ComponentType; 4] = table(
    Class::Connector,
    Distribution::CONTRIB,
    [
        ("datadog", "", 0, 84),
        ("grafanacloud", "", 0, 98),
        ("signal_to_metrics", "signaltometrics", 146, 119),
        ("sum", "", 0, 117),
    ],
);

static EXTENSIONS_CLUSTER: [ComponentType; 7] = table(
    Class::Extension,
    Distribution::COLLECTORS,
    [
        ("ack", "", 0, 99),
        ("host_observer", "", 0, 0),
        ("http_forwarder", "", 0, 0),
        ("k8s_observer", "", 0, 0),
        ("oauth2client", "", 0, 0),
        ("oidc", "", 0, 0),
        ("opamp", "", 0, 97),
    ],
);

static EXTENSIONS_CONTRIB: [ComponentType; 25] = table(
    Class::Extension,
    Distribution::CONTRIB,
    [
        ("asapclient", "", 0, 0),
        ("aws_iam_db_auth", "", 0, 159),
        ("aws_logs_encoding", "awslogsencoding", 148, 130),
        ("awscloudwatchmetricstreams_encoding", "", 0, 123),
        ("awsproxy", "", 0, 0),
        ("azure_auth", "azureauth", 148, 125),
        ("azure_encoding", "", 0, 148),
        ("cgroup_runtime", "cgroupruntime", 148, 133),
        ("datadog", "", 0, 129),
        ("db_storage", "", 0, 96),
        ("docker_observer", "", 0, 77),
        ("ecs_observer", "", 0, 80),
        (
            "google_cloud_logentry_encoding",
            "googlecloudlogentryencoding",
            148,
            129,
        ),
        ("googleclientauth", "", 0, 103),
        ("jaeger_encoding", "", 0, 100),
        ("jaegerremotesampling", "", 0, 0),
        ("json_log_encoding", "", 0, 103),
        ("otlp_encoding", "", 0, 100),
        ("pebble_tail_storage", "", 0, 155),
        ("redis_storage", "", 0, 116),
        ("sd_notify", "", 0, 0),
        ("sigv4auth", "", 0, 0),
        ("skywalking_encoding", "", 0, 132),
        ("text_encoding", "", 0, 131),
        ("zipkin_encoding", "", 0, 100),
    ],
);
