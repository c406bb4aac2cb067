//! What does a container see beside its image? Volumes, and where they are mounted.

use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, EmptyDirVolumeSource, HostPathVolumeSource, Volume, VolumeMount,
};

use super::Pod;
use crate::units::{self, GIB};

impl Pod {
    /// A directory that lives as long as the Pod.
    pub(crate) fn scratch(&mut self, name: &str, path: &str) {
        let volume = Volume {
            name: name.to_owned(),
            empty_dir: Some(EmptyDirVolumeSource {
                // One that fills the node's disk would take its neighbours with it.
                size_limit: Some(units::bytes(GIB)),
                ..EmptyDirVolumeSource::default()
            }),
            ..Volume::default()
        };
        self.volumes.push(volume);
        self.mount(name, path);
    }

    /// The files of a ConfigMap in a directory.
    pub(crate) fn config(&mut self, config_map: &str, path: &str) {
        self.config_map("config", config_map, path);
    }

    /// The files of a further ConfigMap in a directory.
    pub(crate) fn config_map(&mut self, volume: &str, config_map: &str, path: &str) {
        self.config_map_volume(volume, config_map);
        self.mount_read_only(volume, path);
    }

    /// The files of a ConfigMap, to be mounted one by one.
    pub(crate) fn config_volume(&mut self, config_map: &str) {
        self.config_map_volume("config", config_map);
    }

    fn config_map_volume(&mut self, volume: &str, config_map: &str) {
        let volume = Volume {
            name: volume.to_owned(),
            config_map: Some(ConfigMapVolumeSource {
                name: config_map.to_owned(),
                ..ConfigMapVolumeSource::default()
            }),
            ..Volume::default()
        };
        self.volumes.push(volume);
    }

    /// A directory of the node; read only, unless the Pod owns it.
    pub(crate) fn host_path(&mut self, name: &str, path: &str, source: HostPathVolumeSource) {
        let writable = source.type_.as_deref() == Some("DirectoryOrCreate");
        self.volumes.push(Volume {
            name: name.to_owned(),
            host_path: Some(source),
            ..Volume::default()
        });
        let mount = VolumeMount {
            name: name.to_owned(),
            mount_path: path.to_owned(),
            read_only: (!writable).then_some(true),
            // What is mounted on the node later becomes visible too.
            mount_propagation: (!writable).then(|| "HostToContainer".to_owned()),
            ..VolumeMount::default()
        };
        self.push_mount(mount);
    }

    pub(crate) fn mount(&mut self, volume: &str, path: &str) {
        self.push_mount(VolumeMount {
            name: volume.to_owned(),
            mount_path: path.to_owned(),
            ..VolumeMount::default()
        });
    }

    pub(crate) fn mount_read_only(&mut self, volume: &str, path: &str) {
        self.push_mount(VolumeMount {
            name: volume.to_owned(),
            mount_path: path.to_owned(),
            read_only: Some(true),
            ..VolumeMount::default()
        });
    }

    /// One file of a volume over what the image has at `path`.
    pub(crate) fn mount_file(&mut self, volume: &str, file: &str, path: &str) {
        self.push_mount(VolumeMount {
            name: volume.to_owned(),
            mount_path: path.to_owned(),
            sub_path: Some(file.to_owned()),
            read_only: Some(true),
            ..VolumeMount::default()
        });
    }

    fn push_mount(&mut self, mount: VolumeMount) {
        let mounts = self.container.volume_mounts.get_or_insert_default();
        mounts.push(mount);
    }
}
