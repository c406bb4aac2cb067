//! Which functions does OTTL know, and with which arguments?
//!
//! A line is a function: its name, its arguments in order, those that may be left out with a question mark. As of
//! collector 0.159.

use super::Context;

/// What changes something; a statement begins with one.
const EDITORS: &str = "
append target value? values?
delete_index target start_index end_index?
delete_key target key
delete_matching_keys target pattern
flatten target prefix? depth? resolve_conflicts?
keep_keys target keys
keep_matching_keys target pattern
limit target limit priority_keys
merge_maps target source strategy
replace_all_matches target pattern replacement function? replacement_format?
replace_all_patterns target mode regex_pattern replacement function? replacement_format?
replace_match target pattern replacement function? replacement_format?
replace_pattern target regex_pattern replacement function? replacement_format?
set target value
stringify_all target
truncate_all target limit utf8_safe? truncation_marker?
";

/// What gives a value.
const CONVERTERS: &str = "
All source predicate
Any source predicate
Base64Decode target
Base64Encode target variant?
Bool target
Coalesce values
CommunityID source_ip source_port destination_ip destination_port protocol? seed?
Concat vals delimiter
ContainsValue target item
ConvertAttributesToElementsXML target x_path?
ConvertCase target to_case
ConvertTextToElementsXML target x_path? element_name?
Day time
Decode target encoding
Double target
Duration duration
ExtractGrokPatterns target pattern named_captures_only? pattern_definitions?
ExtractPatterns target pattern
Filter source predicate
Find source predicate mapper?
FNV target
Format format vals
FormatTime time format
GetXML target x_path
HasPrefix target prefix
HasSuffix target suffix
Hex target
Hour time
Hours duration
Index target value
InsertXML target x_path sub_document
Int target
IsBool target
IsDouble target
IsEmpty target
IsInCIDR target networks
IsInt target
IsList target
IsMap target
IsMatch target pattern
IsString target
IsValidLuhn target
Keys target
Len target
Log target
MapEach source mapper
MapKeys source key_mapper
MD5 target
Microseconds duration
Milliseconds duration
Minute time
Minutes duration
Month time
Murmur3Hash target
Murmur3Hash128 target
Nanosecond time
Nanoseconds duration
Now
ParseCSV target header delimiter? header_delimiter? mode?
ParseInt target base
ParseJSON target
ParseKeyValue target delimiter? pair_delimiter?
ParseSeverity target mapping
ParseSimplifiedXML target
ParseXML target
ProfileID target
Reduce source seed accumulator
RemoveXML target x_path
Second time
Seconds duration
SHA1 target
SHA256 target
SHA512 target
SliceToMap target key_path? value_path?
Sort target order?
SpanID target
Split target delimiter
String target
Substring target start length utf8_safe?
Time time format location? locale?
ToCamelCase target
ToKeyValueString target delimiter? pair_delimiter? sort_output?
ToLowerCase target
ToSnakeCase target
ToUpperCase target
TraceID target
Trim target replacement?
TrimPrefix target prefix
TrimSuffix target suffix
TruncateTime time duration
Unix seconds nanoseconds?
UnixMicro time
UnixMilli time
UnixNano time
UnixSeconds time
URL uri
UserAgent user_agent
UUID
UUIDv7
Values target
Weekday time
When condition true_value false_value
XXH128 target
XXH3 target
Year time
";

/// What is known of spans alone.
const OF_SPANS: &str = "
IsRootSpan
set_semconv_span_name semconv_version original_span_name_attribute?
";

/// What is known of metrics alone.
const OF_METRICS: &str = "
HasAttrKeyOnDatapoint key
HasAttrOnDatapoint key expected_val
aggregate_on_attribute_value aggregation_function attribute values new_value
aggregate_on_attributes aggregation_function attributes?
convert_exponential_histogram_to_histogram distribution_fn explicit_bounds
convert_gauge_to_sum string_agg_temp monotonic
convert_sum_to_gauge
convert_summary_quantile_val_to_gauge attribute_key? suffix?
copy_metric name? description? unit?
extract_count_metric monotonic suffix?
extract_percentile_metric percentile suffix?
extract_sum_metric monotonic suffix?
scale_metric multiplier unit?
";

/// What is known of data points alone.
const OF_DATA_POINTS: &str = "
convert_summary_count_val_to_sum string_agg_temp monotonic suffix?
convert_summary_sum_val_to_sum string_agg_temp monotonic suffix?
merge_histogram_buckets target_value method?
";

/// What is known of log records alone.
const OF_LOGS: &str = "
ParseCEF target
ParseCLF target format?
ParseELF target
ParseLEEF target
";

/// What the routing connector's statements begin with.
const OF_ROUTES: &str = "
route
";

/// A function: its name and its arguments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    arguments: &'static str,
}

impl Function {
    /// How many arguments it takes at least and at most.
    pub(super) fn arity(self) -> (usize, usize) {
        let all = self.arguments.split_whitespace();
        let needed = all.clone().filter(|argument| !argument.ends_with('?'));
        (needed.count(), all.count())
    }

    /// The names of its arguments.
    pub(super) fn arguments(self) -> impl Iterator<Item = &'static str> {
        let all = self.arguments.split_whitespace();
        all.map(|argument| argument.trim_end_matches('?'))
    }
}

/// The functions that one of these contexts knows.
pub(super) fn known(contexts: &[Context]) -> impl Iterator<Item = Function> + '_ {
    let special = contexts.iter().map(|context| match context {
        Context::Span => OF_SPANS,
        Context::Metric => OF_METRICS,
        Context::DataPoint => OF_DATA_POINTS,
        Context::Log => OF_LOGS,
        Context::Resource => OF_ROUTES,
        Context::Scope | Context::SpanEvent | Context::Exemplar => "",
    });
    let lines = [EDITORS, CONVERTERS].into_iter().chain(special);
    lines.flat_map(str::lines).filter_map(|line| {
        let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
        (!name.is_empty()).then_some(Function { name, arguments })
    })
}
