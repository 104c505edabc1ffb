// Original file: protos/gatehouse/v1/realtime.proto

import type { ClientInfo as _gatehouse_v1_ClientInfo, ClientInfo__Output as _gatehouse_v1_ClientInfo__Output } from '../../gatehouse/v1/ClientInfo.js';
import type { Long } from '@grpc/proto-loader';

export interface Publication {
  'offset'?: (number | string | Long);
  'data'?: (string);
  'info'?: (_gatehouse_v1_ClientInfo | null);
  'tags'?: ({[key: string]: string});
}

export interface Publication__Output {
  'offset': (number);
  'data': (string);
  'info': (_gatehouse_v1_ClientInfo__Output | null);
  'tags': ({[key: string]: string});
}
