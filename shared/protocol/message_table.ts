import type { AnyMessage } from './message.ts';
import { Enroll, EnrollResponse } from './messages/enroll.ts';
import { Fire, LocalEvent, MasterBeacon, MasterEvent, Presence, Refusal } from './messages/event.ts';
import { Info, Job, JobBlock, JobControl, JobResponse, Request } from './messages/job.ts';
import { MasterKeys } from './messages/keys.ts';
import { OperatorFire, OperatorRequest, OperatorResponse } from './messages/operator.ts';
import { Ack, JobIndex, Return, ReturnLong, ReturnPart } from './messages/return.ts';

/** The wire, one line a message. The access control, the reference page and the golden vectors derive from it. */
export const messageTable = [
  Job,
  JobControl,
  JobResponse,
  JobBlock,
  MasterKeys,
  Return,
  ReturnLong,
  ReturnPart,
  Ack,
  JobIndex,
  Request,
  Fire,
  Info,
  Presence,
  MasterEvent,
  Refusal,
  MasterBeacon,
  Enroll,
  EnrollResponse,
  OperatorRequest,
  OperatorResponse,
  OperatorFire,
  LocalEvent,
] as readonly AnyMessage[];
