// Original file: protos/gatehouse/v1/realtime.proto

import type { StreamPosition as _gatehouse_v1_StreamPosition, StreamPosition__Output as _gatehouse_v1_StreamPosition__Output } from '../../gatehouse/v1/StreamPosition.js';
import type { DeliveryReceipt as _gatehouse_v1_DeliveryReceipt, DeliveryReceipt__Output as _gatehouse_v1_DeliveryReceipt__Output } from '../../gatehouse/v1/DeliveryReceipt.js';

export interface PublishResponse {
  'position'?: (_gatehouse_v1_StreamPosition | null);
  'duplicate'?: (boolean);
  'receipt'?: (_gatehouse_v1_DeliveryReceipt | null);
}

export interface PublishResponse__Output {
  'position': (_gatehouse_v1_StreamPosition__Output | null);
  'duplicate': (boolean);
  'receipt': (_gatehouse_v1_DeliveryReceipt__Output | null);
}
