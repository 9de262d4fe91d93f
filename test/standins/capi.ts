/** Stand-in for Cluster API's core controllers. */
import { runPausing } from './pausing.ts';

runPausing(
  {
    Cluster: 'cluster.cluster.x-k8s.io',
    Machine: 'machine.cluster.x-k8s.io',
    MachineSet: 'cluster.x-k8s.io/machineset',
    MachineDeployment: 'cluster.x-k8s.io/machinedeployment',
    MachineHealthCheck: '',
    ClusterClass: '',
    ClusterResourceSet: '',
  },
  'controller-leader-election-capi',
);
