import { equal, match } from 'node:assert/strict';
import type { KubeObject } from '../sandbox/index.ts';
import { fault, STATUS_ANNOTATION } from './bmo/webhook.ts';

const STATUS = {
  errorCount: 0,
  errorMessage: '',
  operationalStatus: 'OK',
  poweredOn: true,
  provisioning: { ID: '', state: 'provisioned' },
};

function host(annotation?: string, more: Partial<KubeObject> = {}): KubeObject {
  const annotations = annotation === undefined ? {} : { [STATUS_ANNOTATION]: annotation };
  const metadata = { name: 'host-1', uid: '', resourceVersion: '', annotations };
  return { apiVersion: 'metal3.io/v1alpha1', kind: 'BareMetalHost', metadata, ...more };
}

describe("the stand-in of the operator's webhook", () => {
  it('takes hosts without a status annotation, and with a good one', () => {
    equal(fault(host()), undefined);
    equal(fault(host(JSON.stringify(STATUS))), undefined);
  });

  it('refuses an annotation with a field it does not know, at any depth, or that is not JSON', () => {
    match(fault(host(JSON.stringify({ ...STATUS, surprise: 1 }))) ?? '', /unknown field "surprise"/);
    match(
      fault(host(JSON.stringify({ ...STATUS, provisioning: { ...STATUS.provisioning, more: 1 } }))) ?? '',
      /unknown field "provisioning.more"/,
    );
    match(fault(host('{')) ?? '', /not JSON/);
  });

  it('refuses values that exist and that its lists forgot', () => {
    match(fault(host(JSON.stringify({ ...STATUS, operationalStatus: 'servicing' }))) ?? '', /invalid operationalStatus 'servicing'/);
    match(fault(host(JSON.stringify({ ...STATUS, errorType: 'servicing error' }))) ?? '', /invalid errorType 'servicing error'/);
  });

  it('refuses another boot MAC address, but not a first one', () => {
    const at = (bootMACAddress: string): KubeObject => host(undefined, { spec: { bootMACAddress } });
    match(fault(at('52:54:00:00:00:02'), at('52:54:00:00:00:01')) ?? '', /bootMACAddress/);
    equal(fault(at('52:54:00:00:00:02'), host()), undefined);
  });
});
