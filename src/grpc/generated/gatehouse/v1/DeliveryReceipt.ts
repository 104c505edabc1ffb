// Original file: protos/gatehouse/v1/realtime.proto

import type { Processes as _gatehouse_v1_Processes, Processes__Output as _gatehouse_v1_Processes__Output } from '../../gatehouse/v1/Processes.js';

export interface DeliveryReceipt {
  'processes'?: (_gatehouse_v1_Processes | null);
  'written'?: (number);
  'queued'?: (number);
  'dropped'?: (number);
}

export interface DeliveryReceipt__Output {
  'processes': (_gatehouse_v1_Processes__Output | null);
  'written': (number);
  'queued': (number);
  'dropped': (number);
}
