/** Names of labels, annotations and values that others fixed, and that more than one place reads. */

/** Pauses a Cluster API object: on ClusterClasses, ClusterResourceSets, ExtensionConfigs, templates, pools and claims its own mark. */
export const PAUSED = 'cluster.x-k8s.io/paused';
/** Pauses a BareMetalHost, whatever its value. */
export const HOST_PAUSED = 'baremetalhost.metal3.io/paused';
/** CAPM3's value of it: set when the host's Cluster is paused, taken off by CAPM3 when it no longer is. */
export const CAPM3_VALUE = 'metal3.io/capm3';
/** The status of a host as JSON: read by the baremetal-operator once, when there is no status. */
export const HOST_STATUS = 'baremetalhost.metal3.io/status';
export const HOST_DETACHED = 'baremetalhost.metal3.io/detached';
/** Present while a controller has not let go. */
export const BLOCK_MOVE = 'clusterctl.cluster.x-k8s.io/block-move';
export const DELETE_FOR_MOVE = 'clusterctl.cluster.x-k8s.io/delete-for-move';
/** On a CRD: clusterctl discovers the kind. */
export const CLUSTERCTL = 'clusterctl.cluster.x-k8s.io';
/** On a CRD or an object: it moves without an owner. */
export const MOVE = 'clusterctl.cluster.x-k8s.io/move';
/** On a CRD or an object: it moves with everything below it. */
export const MOVE_HIERARCHY = 'clusterctl.cluster.x-k8s.io/move-hierarchy';
export const CLUSTER_NAME = 'cluster.x-k8s.io/cluster-name';
export const CONTROL_PLANE = 'cluster.x-k8s.io/control-plane';
/** On Secrets that the baremetal-operator reads: key and value. */
export const ENVIRONMENT = 'environment.metal3.io';
export const BAREMETAL = 'baremetal';
/** On a Metal3Machine: `namespace/name` of its host. */
export const MACHINE_HOST = 'metal3.io/BareMetalHost';

/** Never copied and never compared, beside everything under our own prefix. */
export const NEVER_COPIED: ReadonlySet<string> = new Set([BLOCK_MOVE, DELETE_FOR_MOVE, HOST_STATUS]);
