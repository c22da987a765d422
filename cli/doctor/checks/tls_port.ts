import { join } from 'node:path';
import { addressText } from '../../../shared/address_text.ts';
import type { TlsProbe } from '../../../shared/client/probe_tls.ts';
import type { Fingerprint } from '../../../shared/ids.ts';
import { shellWord } from '../../../shared/shlex.ts';
import { fingerprintIn, readCertificateFile, readShown } from '../certificate_facts.ts';
import { defineCheck, doesNotAnswer, type Finding, fail, masterNotReached, ok, skip } from '../check.ts';
import type { Daemon } from '../look_at_daemon.ts';
import type { MasterMachine, MinionMachine } from '../machine.ts';

export type TlsPortFacts = MasterPortFacts | MinionPortFacts;

interface MasterPortFacts {
  readonly role: 'master';
  readonly probe: TlsProbe;
  /** As the configuration says: an address of all, or of one network. */
  readonly listens: string;
  readonly daemon: Daemon['state'];
  readonly own: Fingerprint | undefined;
  readonly shown: Fingerprint | undefined;
  readonly restart: string;
}

interface MinionPortFacts {
  readonly role: 'minion';
  readonly probe: TlsProbe;
  readonly file: string;
}

export default defineCheck<TlsPortFacts>({
  summary: 'Whether the TLS port of the master speaks TLS, and is a master.',
  stage: 'network',
  asksNetwork: true,
  gather: { master: gatherMaster, minion: gatherMinion },
  judge: (facts) => [facts.role === 'master' ? judgeMaster(facts) : judgeMinion(facts)],
});

async function gatherMaster({ config, port, daemon, commands }: MasterMachine): Promise<TlsPortFacts> {
  const [probe, { state }, { restart }] = await Promise.all([port(), daemon(), commands()]);
  const { authorityPem } = probe;
  return {
    role: 'master',
    probe,
    listens: config.interface,
    daemon: state,
    own: fingerprintIn(await readCertificateFile(join(config.pki_dir, 'master.crt'))),
    shown: authorityPem === undefined ? undefined : fingerprintIn(readShown(authorityPem)),
    restart,
  };
}

async function gatherMinion({ port, configDir }: MinionMachine): Promise<TlsPortFacts> {
  return { role: 'minion', probe: await port(), file: join(configDir, 'minion') };
}

function judgeMaster({ probe, listens, daemon, own, shown, restart }: MasterPortFacts): Finding {
  const { failure, port } = probe;
  if (port === 0) return skip('tls_port is 0: the system chose a port, and nobody knows which');
  const address = addressText({ host: listens, port });
  if (daemon === 'silent') return doesNotAnswer('salt-master');
  const runs = daemon !== 'missing' && daemon !== 'deserted';
  if (failure?.step === 'tls' || (failure === undefined && (shown === undefined || shown !== own))) {
    return fail(
      `another process listens on port ${port}${runs ? '' : ', so that salt-master cannot start'}`,
      `ss -ltnp 'sport = :${port}'  # names it: stop it, or change tls_port`,
    );
  }
  if (failure === undefined) {
    const isLocal = /^(127\.|::1$|localhost$)/.test(listens);
    return ok(`${address} answers${isLocal ? ', to this machine alone: that is what interface says' : ''}`);
  }
  if (!runs) return doesNotAnswer('salt-master');
  return fail(
    `salt-master runs, but nothing listens on ${address}: it was started with another configuration`,
    restart,
  );
}

function judgeMinion({ probe, file }: MinionPortFacts): Finding {
  const { failure, authorityPem } = probe;
  const address = addressText(probe);
  if (failure !== undefined && failure.step !== 'tls') return masterNotReached;
  if (failure?.code === 'ETIMEDOUT') {
    return fail(`${address} takes connections and then says nothing`, 'salt doctor', 'on the master');
  }
  const usual = `vi ${shellWord(file)}  # master_port: the TLS port of the master, usually 8883`;
  if (failure !== undefined) return fail(`${address} does not speak TLS: it is not the TLS port of a master`, usual);
  if (authorityPem === undefined) return fail(`${address} speaks TLS, but is no salt-master`, usual);
  return ok(`${address} speaks TLS as a salt-master`);
}
