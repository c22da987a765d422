import { join } from 'node:path';
import { pinnedFile } from '../../../minion/link/trust.ts';
import { durationText, timeText } from '../../../shared/time_text.ts';
import { certificateFacts, readCertificateFile, readShown } from '../certificate_facts.ts';
import { defineCheck, type Finding, fail, ok, skip, warn } from '../check.ts';
import type { MasterMachine, MasterTime, MinionMachine } from '../machine.ts';

/** As a minion that connects warns of it. */
const SKEW_MS = 5000;
/** Certificates are valid from a day before they are made. */
const BREAKS_MS = 43_200_000;
const MEND = 'timedatectl set-ntp true; timedatectl status';

export interface ClockFacts {
  readonly nowMs: number;
  /** What the running minion just heard; undefined on a master, and without a connection. */
  readonly masterTime: MasterTime | undefined;
  /** Moments that have passed for sure, with what happened then. */
  readonly passed: readonly { readonly ms: number; readonly what: string }[];
  readonly isMaster: boolean;
}

export default defineCheck<ClockFacts>({
  summary: "Whether the clock can be right, and is the master's.",
  stage: 'network',
  asksNetwork: true,
  gather: { master: gatherMaster, minion: gatherMinion },
  judge: (facts) => [judge(facts)],
});

async function gatherMaster({ config, clock }: MasterMachine): Promise<ClockFacts> {
  const passed = await madeAt(join(config.pki_dir, 'master.crt'), "the master's key was made");
  return { nowMs: clock.nowMs(), masterTime: undefined, passed, isMaster: true };
}

async function gatherMinion({ config, clock, port, masterTime }: MinionMachine): Promise<ClockFacts> {
  const [told, { certPem }] = await Promise.all([masterTime(), port()]);
  const server = certPem === undefined ? undefined : readShown(certPem);
  return {
    nowMs: clock.nowMs(),
    masterTime: told,
    passed: [
      ...(await madeAt(pinnedFile(config.pki_dir), "the master's key was made")),
      ...(typeof server === 'object'
        ? [{ ms: certificateFacts(server).issuedMs, what: 'the master was started' }]
        : []),
    ],
    isMaster: false,
  };
}

async function madeAt(path: string, what: string): Promise<ClockFacts['passed']> {
  const certificate = await readCertificateFile(path);
  return typeof certificate === 'object' ? [{ ms: certificateFacts(certificate).issuedMs, what }] : [];
}

function judge({ nowMs, masterTime, passed, isMaster }: ClockFacts): Finding {
  if (masterTime !== undefined) return judgeSkew(skewOf(masterTime));
  const latest = passed.reduce<ClockFacts['passed'][number] | undefined>(
    (last, moment) => (last === undefined || moment.ms > last.ms ? moment : last),
    undefined,
  );
  if (latest !== undefined && nowMs < latest.ms - SKEW_MS) {
    const text = `the clock says ${timeText(nowMs)}, but ${latest.what} on ${timeText(latest.ms)}`;
    const isFar = latest.ms - nowMs > BREAKS_MS;
    return isFar ? fail(`${text}: certificates are not valid yet`, MEND) : warn(text, MEND);
  }
  if (isMaster) return ok(`the clock says ${timeText(nowMs)}; minions compare theirs with it`);
  return skip("not compared with the master's, which did not tell its time");
}

/** The master's time was told at some moment between question and answer, and is whole seconds. */
function skewOf({ seconds, askedMs, answeredMs }: MasterTime): number {
  const leastMs = seconds * 1000 - answeredMs;
  const mostMs = (seconds + 1) * 1000 - askedMs;
  if (leastMs <= 0 && mostMs >= 0) return 0;
  return (leastMs + mostMs) / 2;
}

function judgeSkew(skewMs: number): Finding {
  const far = Math.abs(skewMs);
  if (far <= SKEW_MS) return ok(`the clock differs from the master's by less than ${durationText(SKEW_MS)}`);
  const text = `the clock is ${durationText(far)} ${skewMs > 0 ? 'behind' : 'ahead of'} the master's`;
  if (far > BREAKS_MS) return fail(`${text}: certificates may not be valid yet, or any more`, MEND);
  return warn(`${text}: schedules run, and logs are written, at the wrong time`, MEND);
}
