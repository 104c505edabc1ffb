// Original file: protos/gatehouse/v1/realtime.proto

import type { Processes as _gatehouse_v1_Processes, Processes__Output as _gatehouse_v1_Processes__Output } from '../../gatehouse/v1/Processes.js';

export interface DisconnectResponse {
  'connections'?: (number);
  'processes'?: (_gatehouse_v1_Processes | null);
}

export interface DisconnectResponse__Output {
  'connections': (number);
  'processes': (_gatehouse_v1_Processes__Output | null);
}
