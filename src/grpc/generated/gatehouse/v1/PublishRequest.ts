// Original file: protos/gatehouse/v1/realtime.proto

import type { Receipt as _gatehouse_v1_Receipt, Receipt__Output as _gatehouse_v1_Receipt__Output } from '../../gatehouse/v1/Receipt.js';

export interface PublishRequest {
  'channel'?: (string);
  'data'?: (string);
  'skipHistory'?: (boolean);
  'idempotencyKey'?: (string);
  'tags'?: ({[key: string]: string});
  'receipt'?: (_gatehouse_v1_Receipt);
}

export interface PublishRequest__Output {
  'channel': (string);
  'data': (string);
  'skipHistory': (boolean);
  'idempotencyKey': (string);
  'tags': ({[key: string]: string});
  'receipt': (_gatehouse_v1_Receipt__Output);
}
