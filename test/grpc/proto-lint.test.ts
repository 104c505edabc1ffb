/** The protos of the house keep the rules that generators of other languages rely on. */
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { lintProto } from '../helpers/proto-lint.js'

const FOLDER = join(PACKAGE_ROOT, 'protos')
const GOOD = `syntax = "proto3";

package house.v1;

import "google/protobuf/timestamp.proto";

// Opens doors.
service DoorService {
  // Opens one.
  rpc Open(OpenRequest) returns (stream OpenResponse);
}

message OpenRequest {
  // Which.
  repeated string door_id = 1;

  // Exactly one.
  oneof how {
    // With a key.
    Key key = 2;
  }
}

message OpenResponse {
  // Since when it is open.
  google.protobuf.Timestamp opened_at = 1;

  // By name.
  map<string, uint32> steps_by_name = 2;
}

// A key.
message Key {}

// How far.
enum DoorState {
  // Nobody knows.
  DOOR_STATE_UNSPECIFIED = 0;
}
`

await t.test('the protos of the house have no finding', async (t) => {
  const files = await readdir(join(FOLDER, 'gatehouse'), { recursive: true })
  const paths = files.filter((file) => file.endsWith('.proto')).map((file) => `gatehouse/${file}`)
  t.ok(paths.length >= 2)
  for (const path of paths) {
    t.strictSame(lintProto(path, readFileSync(join(FOLDER, path), 'utf8')), [])
  }
})

/** By finding: what is written in place of what. */
const PLANTED: Readonly<Record<string, readonly [string, string]>> = {
  'has no syntax': ['syntax = "proto3";', ''],
  'has no package': ['package house.v1;', ''],
  'the package house.v1x has no version': ['house.v1;', 'house.v1x;'],
  'belongs to other/v1/': ['house.v1;', 'other.v1;'],
  'imports google/protobuf/timestamp.proto as public': ['import', 'import public'],
  'does not use google/protobuf/timestamp.proto': ['google.protobuf.Timestamp', 'Time'],
  'service DoorService has no comment': ['// Opens doors.\n', ''],
  'service Doors is not a …Service': ['DoorService', 'Doors'],
  'rpc open is not in its case': ['rpc Open(', 'rpc open('],
  'rpc Open has no comment': ['  // Opens one.\n', ''],
  'rpc Open takes or gives Key, not OpenRequest': ['(OpenRequest)', '(Key)'],
  'rpc Open shares OpenRequest with Open': ['(stream OpenResponse)', '(OpenRequest)'],
  'message key is not in its case': ['message Key', 'message key'],
  'message Key has no comment': ['// A key.\n', ''],
  'OpenRequest.doorId is not in its case': ['door_id', 'doorId'],
  'OpenRequest.door_id has no comment': ['  // Which.\n', ''],
  'oneof How is not in its case': ['oneof how', 'oneof How'],
  'DOOR_STATE_CLOSED is not …_UNSPECIFIED': ['STATE_UNSPECIFIED', 'STATE_CLOSED'],
  'STATE_UNSPECIFIED does not begin with DOOR_STATE_': ['DOOR_STATE_UN', 'STATE_UN'],
  'DOOR_STATE_unspecified is not in its case': ['STATE_UNSPECIFIED', 'STATE_unspecified'],
  'DOOR_STATE_UNSPECIFIED has no comment': ['  // Nobody knows.\n', ''],
  'cannot be read: required string door_id = 1;': ['repeated string', 'required string'],
}

await t.test('what breaks a rule is found', async (t) => {
  const path = 'house/v1/door.proto'
  t.strictSame(lintProto(path, GOOD), [])
  t.match(lintProto('house/v1/Door.proto', GOOD), [/belongs to house\/v1\/$/])
  for (const [finding, [good, bad]] of Object.entries(PLANTED)) {
    t.ok(GOOD.includes(good), good)
    const findings = lintProto(path, GOOD.replace(good, bad))
    t.ok(
      findings.some((found) => found.endsWith(finding)),
      `${finding}: ${findings.join()}`,
    )
  }
})
