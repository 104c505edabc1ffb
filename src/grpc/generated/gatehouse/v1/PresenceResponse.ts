// Original file: protos/gatehouse/v1/realtime.proto

import type { ClientInfo as _gatehouse_v1_ClientInfo, ClientInfo__Output as _gatehouse_v1_ClientInfo__Output } from '../../gatehouse/v1/ClientInfo.js';

export interface PresenceResponse {
  'clients'?: (_gatehouse_v1_ClientInfo)[];
}

export interface PresenceResponse__Output {
  'clients': (_gatehouse_v1_ClientInfo__Output)[];
}
