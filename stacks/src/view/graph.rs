//! How is a graph drawn? In languages that other programs turn into pictures.

use std::collections::{BTreeMap, BTreeSet};

use provider::{Destination, Finding, Graph, ResourceId, Until};
use serde::Serialize;

use crate::args::{GraphForm, GraphSubject};

/// A drawing: named nodes in groups, and labelled arrows between them.
#[derive(Debug, Serialize)]
pub(crate) struct Drawing {
    title: String,
    nodes: BTreeMap<String, Node>,
    arrows: BTreeSet<Arrow>,
    /// What the modules want to be known; no picture has a place for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct Node {
    label: String,
    group: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Arrow {
    from: String,
    to: String,
    label: String,
}

impl Drawing {
    /// Draws one aspect of a graph.
    pub(crate) fn of(graph: &Graph, subject: GraphSubject) -> Self {
        let mut drawing = Self {
            title: graph.stack().to_owned(),
            nodes: BTreeMap::new(),
            arrows: BTreeSet::new(),
            notes: graph.notes().to_vec(),
        };
        match subject {
            GraphSubject::Connections => drawing.connections(graph),
            GraphSubject::Dependencies => drawing.dependencies(graph),
        }
        drawing
    }

    /// The drawing in a language; JSON ends with a line break as all data does.
    pub(crate) fn in_form(&self, form: GraphForm) -> String {
        match form {
            GraphForm::Mermaid => self.mermaid(),
            GraphForm::Dot => self.dot(),
            GraphForm::Json => serde_json::json!(self).to_string(),
        }
    }

    fn connections(&mut self, graph: &Graph) {
        for connection in graph.connections() {
            let from = self.resource(&connection.from.workload);
            let (to, label) = match &connection.to {
                Destination::Service(to) => (
                    self.resource(&to.pods.workload),
                    format!("{} {}/{}", to.port_name, to.port, to.transport),
                ),
                Destination::KubernetesApi => (self.place("Kubernetes API"), "443/TCP".to_owned()),
                Destination::Outside {
                    host,
                    port,
                    transport,
                    security: _,
                } => (self.place(host), format!("{port}/{transport}")),
            };
            self.arrows.insert(Arrow { from, to, label });
        }
    }

    fn dependencies(&mut self, graph: &Graph) {
        for resource in graph.resources() {
            self.resource(&resource.id);
        }
        for edge in graph.edges() {
            let (from, to) = (self.resource(&edge.from), self.resource(&edge.to));
            let label = match edge.until {
                Until::Exists => "",
                Until::Established => "established",
                Until::Ready => "ready",
                Until::Complete => "complete",
                Until::Gone => "gone",
            };
            self.arrows.insert(Arrow {
                from,
                to,
                label: label.to_owned(),
            });
        }
    }

    fn resource(&mut self, id: &ResourceId) -> String {
        let group = id.namespace.clone().unwrap_or_else(|| "cluster".to_owned());
        self.node(&id.to_string(), format!("{} {}", id.kind, id.name), group)
    }

    fn place(&mut self, name: &str) -> String {
        self.node(name, name.to_owned(), "outside".to_owned())
    }

    fn node(&mut self, key: &str, label: String, group: String) -> String {
        self.nodes
            .entry(key.to_owned())
            .or_insert(Node { label, group });
        key.to_owned()
    }

    /// The arrows of a picture. That an object waits for its namespace is said by the box around it.
    fn drawn(&self) -> impl Iterator<Item = &Arrow> {
        self.arrows.iter().filter(|arrow| {
            let nodes = (self.nodes.get(&arrow.from), self.nodes.get(&arrow.to));
            !matches!(nodes, (Some(from), Some(to)) if to.label == format!("Namespace {}", from.group))
        })
    }

    fn groups(&self) -> BTreeMap<&str, Vec<(&String, &Node)>> {
        let mut groups: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (key, node) in &self.nodes {
            groups.entry(&node.group).or_default().push((key, node));
        }
        groups
    }

    fn mermaid(&self) -> String {
        let mut lines = vec!["flowchart LR".to_owned()];
        for (index, (group, nodes)) in self.groups().into_iter().enumerate() {
            lines.push(format!("  subgraph g{index}[\"{}\"]", mermaid_text(group)));
            for (key, node) in nodes {
                lines.push(format!(
                    "    {}[\"{}\"]",
                    self.number(key),
                    mermaid_text(&node.label)
                ));
            }
            lines.push("  end".to_owned());
        }
        for arrow in self.drawn() {
            let label = if arrow.label.is_empty() {
                String::new()
            } else {
                format!("|\"{}\"|", mermaid_text(&arrow.label))
            };
            lines.push(format!(
                "  {} -->{label} {}",
                self.number(&arrow.from),
                self.number(&arrow.to)
            ));
        }
        lines.join("\n")
    }

    fn dot(&self) -> String {
        let mut lines = vec![
            format!("digraph {} {{", dot_text(&self.title)),
            "  rankdir=LR;".to_owned(),
            "  node [shape=box, style=rounded, fontname=\"sans-serif\"];".to_owned(),
            "  edge [fontname=\"sans-serif\", fontsize=10];".to_owned(),
        ];
        for (index, (group, nodes)) in self.groups().into_iter().enumerate() {
            lines.push(format!("  subgraph cluster_{index} {{"));
            lines.push(format!(
                "    label={}; fontname=\"sans-serif\"; color=gray; style=rounded;",
                dot_text(group)
            ));
            for (key, node) in nodes {
                lines.push(format!(
                    "    {} [label={}];",
                    dot_text(key),
                    dot_text(&node.label)
                ));
            }
            lines.push("  }".to_owned());
        }
        for arrow in self.drawn() {
            let (from, to) = (dot_text(&arrow.from), dot_text(&arrow.to));
            lines.push(format!(
                "  {from} -> {to} [label={}];",
                dot_text(&arrow.label)
            ));
        }
        lines.push("}".to_owned());
        lines.join("\n")
    }

    /// Mermaid's node ids must be plain words; the place in the sorted map is one.
    fn number(&self, key: &str) -> String {
        let index = self
            .nodes
            .keys()
            .position(|known| known == key)
            .unwrap_or_default();
        format!("n{index}")
    }
}

fn mermaid_text(text: &str) -> String {
    text.replace('"', "#quot;")
}

fn dot_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
