/** What the fake API server serves unless a test says otherwise: the kinds of Cluster API, Metal3 and the core that movers meet. */
import type { Resource } from '../../src/cluster/cluster.ts';

/** `Kind plural [+]` per group/version; `+` = it has a status subresource, `!` = cluster-scoped. */
const TABLE: Readonly<Record<string, string>> = {
  v1: 'Namespace namespaces +!, Secret secrets, ConfigMap configmaps, Pod pods +, Event events, Service services +, ResourceQuota resourcequotas +',
  'apps/v1': 'Deployment deployments +, DaemonSet daemonsets +, StatefulSet statefulsets +',
  'coordination.k8s.io/v1': 'Lease leases',
  'discovery.k8s.io/v1': 'EndpointSlice endpointslices',
  'apiextensions.k8s.io/v1': 'CustomResourceDefinition customresourcedefinitions +!',
  'admissionregistration.k8s.io/v1':
    'ValidatingWebhookConfiguration validatingwebhookconfigurations !, MutatingWebhookConfiguration mutatingwebhookconfigurations !',
  'cluster.x-k8s.io/v1beta2':
    'Cluster clusters +, ClusterClass clusterclasses +, MachineDeployment machinedeployments +, MachineSet machinesets +, Machine machines +, MachinePool machinepools +, MachineHealthCheck machinehealthchecks +, MachineDrainRule machinedrainrules',
  'addons.cluster.x-k8s.io/v1beta2': 'ClusterResourceSet clusterresourcesets +, ClusterResourceSetBinding clusterresourcesetbindings',
  'bootstrap.cluster.x-k8s.io/v1beta2': 'KubeadmConfig kubeadmconfigs +, KubeadmConfigTemplate kubeadmconfigtemplates',
  'controlplane.cluster.x-k8s.io/v1beta2':
    'KubeadmControlPlane kubeadmcontrolplanes +, KubeadmControlPlaneTemplate kubeadmcontrolplanetemplates',
  'runtime.cluster.x-k8s.io/v1beta2': 'ExtensionConfig extensionconfigs +!',
  'ipam.cluster.x-k8s.io/v1beta2': 'IPAddressClaim ipaddressclaims +, IPAddress ipaddresses',
  'infrastructure.cluster.x-k8s.io/v1beta2':
    'Metal3Cluster metal3clusters +, Metal3ClusterTemplate metal3clustertemplates, Metal3Machine metal3machines +, Metal3MachineTemplate metal3machinetemplates, Metal3DataTemplate metal3datatemplates +, Metal3DataClaim metal3dataclaims +, Metal3Data metal3datas +, Metal3Remediation metal3remediations +, Metal3RemediationTemplate metal3remediationtemplates +',
  'metal3.io/v1alpha1':
    'BareMetalHost baremetalhosts +, HardwareData hardwaredata, HostFirmwareSettings hostfirmwaresettings +, FirmwareSchema firmwareschemas, HostFirmwareComponents hostfirmwarecomponents +, PreprovisioningImage preprovisioningimages +, DataImage dataimages +, BMCEventSubscription bmceventsubscriptions +, HostUpdatePolicy hostupdatepolicies, HostClaim hostclaims +, HostDeployPolicy hostdeploypolicies +, BareMetalSwitch baremetalswitches +',
  'ipam.metal3.io/v1alpha1': 'IPPool ippools +, IPClaim ipclaims +, IPAddress ipaddresses',
  'ironic.metal3.io/v1alpha1': 'Ironic ironics +',
};

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

export const RESOURCES: readonly Resource[] = Object.entries(TABLE).flatMap(([apiVersion, rows]) => {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  return rows.split(', ').map((row): Resource => {
    const [kind = '', resource = '', marks = ''] = row.split(' ');
    const flags = { namespaced: !marks.includes('!'), status: marks.includes('+') };
    return { group, version, kind, resource, singular: kind.toLowerCase(), shortNames: [], verbs: VERBS, ...flags };
  });
});
