//! What is a cluster made of? Doors that take, storages that keep, doors that answer.

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use provider_core::{Destination, Endpoint, Exposure, Finding, Module, Port, Scope};

use super::{
    Cluster, Shape, USUAL, VictoriaClusterOutputs, VictoriaMetrics,
    program::{self, Store},
    protocol::{VictoriaClusterQl, VictoriaClusterWrite, VictoriaNative},
    vmagent,
};
use crate::{
    image, made,
    pod::Spread,
    prometheus::{Measures, load::Size, scrape},
    protocol::Http,
    tls,
    units::{GIB, millicores},
    watch::{self, Count, Role, Watched},
    workload::Workload,
};

const INSERT: Port<VictoriaClusterWrite> = Port::new("web", 8480);
const SELECT: Port<VictoriaClusterQl> = Port::new("web", 8481);
const STORAGE: Port<Http> = Port::new("web", 8482);
const FROM_INSERT: Port<VictoriaNative> = Port::new("insert", 8400);
const FROM_SELECT: Port<VictoriaNative> = Port::new("select", 8401);

impl Module for VictoriaMetrics<Cluster> {
    type Outputs = VictoriaClusterOutputs;

    fn build(mut self, scope: &mut Scope<'_>) -> VictoriaClusterOutputs {
        self.load = self.load.part(self.shape.copies, self.shape.storages);
        let size = self.size(USUAL);
        self.check(scope, size);
        self.check_shape(scope);
        let mut storages = self.storage_set(size);
        let security = program::secure(scope, &mut storages.pod);
        let storages = scope.add(storages);
        let why = "the parts of a VictoriaMetrics cluster speak to its storages in the open: TLS there is not free";
        tls::in_the_open(scope, storages.id(), FROM_INSERT, why);
        tls::in_the_open(scope, storages.id(), FROM_SELECT, why);
        let each = || Exposure::each_replica().unready_too();
        let writes = scope.expose_as(each(), &storages, FROM_INSERT);
        let reads = scope.expose_as(each(), &storages, FROM_SELECT);
        let mut inserts = self.insert(&writes);
        program::secure(scope, &mut inserts.pod);
        let inserts = scope.add(inserts);
        scope.connect(&inserts, writes.destination());
        let mut selects = self.select(&reads);
        program::secure(scope, &mut selects.pod);
        let selects = scope.add(selects);
        scope.connect(&selects, reads.destination());
        let remote_write = scope.expose(&inserts, INSERT.secured(security));
        let query = scope.expose(&selects, SELECT.secured(security));
        made::keeps(scope, &inserts);
        let shape = self.shape;
        for watched in [
            Watched::new(&storages, STORAGE.secured(security))
                .role(Role::VictoriaStorage)
                .count(Count::Replicas(shape.storages)),
            Watched::new(&inserts, INSERT.secured(security))
                .role(Role::VictoriaInsert)
                .count(Count::Replicas(shape.inserts)),
            Watched::new(&selects, SELECT.secured(security))
                .role(Role::VictoriaSelect)
                .count(Count::Replicas(shape.selects)),
        ] {
            scope.announce(watched);
        }
        if self.measures == Measures::Stack {
            self.measure(scope, &remote_write);
        }
        if self.measures == Measures::Stack || !self.rules.is_empty() {
            let store = Store {
                write: remote_write.clone(),
                query: query.clone(),
            };
            self.work_out(scope, 2, &store);
        }
        VictoriaClusterOutputs {
            otlp: remote_write.also(),
            remote_write,
            query,
            pods: storages,
        }
    }
}

impl VictoriaMetrics<Cluster> {
    fn measure(&self, scope: &mut Scope<'_>, write: &Endpoint<VictoriaClusterWrite>) {
        let name = format!("{}-agent", self.name);
        let account = scrape::account(scope, &name);
        let agent = vmagent::agent(scope, &name, write);
        vmagent::observe(scope, &name, self.measures, &agent, account);
    }

    fn check_shape(&self, scope: &mut Scope<'_>) {
        let Shape {
            copies, storages, ..
        } = self.shape;
        for doors in [self.shape.inserts, self.shape.selects] {
            watch::must_run(scope, &self.name, doors);
        }
        let needed = copies.saturating_mul(2).saturating_sub(1);
        if copies == 0 || storages < needed {
            let message = format!(
                "`{}` keeps {copies} copies on {storages} storages, and cannot go on so when one is away",
                self.name
            );
            let hint = format!("`storages({})`, or fewer `copies`", needed.max(1));
            scope.finding(Finding::new("too-few-storages", message).hint(hint));
        }
    }

    fn storage_set(&self, size: Size) -> Workload<StatefulSet> {
        let name = format!("{}-storage", self.name);
        let mut set = Workload::stateful(&name, image::VMSTORAGE)
            .listen(STORAGE)
            .listen(FROM_INSERT)
            .listen(FROM_SELECT)
            .replicas(self.shape.storages)
            .cpu(millicores(500))
            .memory(size.memory)
            .keep(size.storage, "/storage");
        set.parallel = true;
        set.serves_as = Some(format!("{name}-headless"));
        // Two copies on one node would be one.
        set.pod.spread = Spread::Required;
        program::prepare(&mut set.pod, "metrics", STORAGE);
        self.keeps(&mut set.pod);
        self.dedups(&mut set.pod);
        set
    }

    fn insert(&self, storages: &Endpoint<VictoriaNative>) -> Workload<Deployment> {
        let mut workload = Workload::stateless(&format!("{}-insert", self.name), image::VMINSERT)
            .listen(INSERT)
            .replicas(self.shape.inserts)
            .cpu(millicores(250))
            .memory(GIB);
        let pod = &mut workload.pod;
        program::prepare(pod, "metrics", INSERT);
        self.takes_otlp(pod);
        pod.arg(format!("-replicationFactor={}", self.shape.copies));
        pod.arg(nodes(storages));
        workload
    }

    fn select(&self, storages: &Endpoint<VictoriaNative>) -> Workload<Deployment> {
        let mut workload = Workload::stateless(&format!("{}-select", self.name), image::VMSELECT)
            .listen(SELECT)
            .replicas(self.shape.selects)
            .cpu(millicores(250))
            .memory(GIB)
            .scratch("cache", "/cache");
        let pod = &mut workload.pod;
        program::prepare(pod, "metrics", SELECT);
        self.dedups(pod);
        pod.arg("-cacheDataPath=/cache");
        pod.arg(format!("-replicationFactor={}", self.shape.copies));
        pod.arg(nodes(storages));
        workload
    }
}

/// Each storage by its own name: which of them keeps a series follows from the list.
fn nodes(storages: &Endpoint<VictoriaNative>) -> String {
    let each = storages.destination().each();
    let addresses: Vec<String> = each.iter().map(Destination::address).collect();
    format!("-storageNode={}", addresses.join(","))
}
