/** Stand-in for the kubeadm bootstrap and control plane controllers: holds its Lease and does nothing more. */
import { connect, runController, setting } from './controller.ts';

runController({ client: connect(), lease: setting('LEASE_NAME') });
