import { addressText } from '../../../shared/address_text.ts';
import { connectReason } from '../../../shared/client/connect_reason.ts';
import type { TlsProbe } from '../../../shared/client/probe_tls.ts';
import { shellWord } from '../../../shared/shlex.ts';
import { defineCheck, type Finding, fail, ok } from '../check.ts';

export interface AddressFacts {
  readonly probe: TlsProbe;
  /** The minion's configuration file. */
  readonly file: string;
}

export default defineCheck<AddressFacts>({
  summary: 'Whether the name of the master is found and its port can be reached.',
  stage: 'network',
  asksNetwork: true,
  gather: { minion: async ({ port, configDir }) => ({ probe: await port(), file: `${configDir}/minion` }) },
  judge: (facts) => [judge(facts)],
});

function judge(facts: AddressFacts): Finding {
  const { host, addresses, failure } = facts.probe;
  const address = addressText(facts.probe);
  if (failure?.step === 'lookup') return judgeLookup(facts, failure.code);
  if (failure?.step === 'connect') return judgeConnect(facts, failure.code);
  const found = addresses.filter((each) => each !== host);
  return ok(`${address} takes connections${found.length === 0 ? '' : ` (${host} is ${found.join(', ')})`}`);
}

function judgeLookup({ probe: { host }, file }: AddressFacts, code: string): Finding {
  if (code === 'ENOTFOUND') {
    return fail(
      `there is no host of the name '${host}', which master: in the configuration says`,
      `vi ${shellWord(file)}  # name another as master:, or put ${host} with its address into /etc/hosts`,
    );
  }
  return fail(
    `'${host}' cannot be looked up: the name server does not answer`,
    'cat /etc/resolv.conf; resolvectl status',
  );
}

function judgeConnect({ probe, file }: AddressFacts, code: string): Finding {
  const address = addressText(probe);
  const [host = probe.host] = probe.addresses;
  switch (code) {
    case 'ECONNREFUSED':
      return fail(
        `${address} refuses the connection: the host is there, but nothing listens on port ${probe.port}`,
        `salt doctor  # or, when the master has another port: vi ${shellWord(file)} here`,
        'on the master',
      );
    case 'ETIMEDOUT':
      return fail(
        `${address} does not answer: the host is down, or a firewall drops what is sent to port ${probe.port}`,
        `ping -c 3 ${host}  # when it answers, on the master: ufw allow ${probe.port}/tcp, or firewall-cmd --add-port=${probe.port}/tcp`,
      );
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return fail(`${address} cannot be reached: there is no route to ${host}`, `ip route get ${host}; ip address`);
    default:
      return fail(
        `${address} cannot be connected to: ${connectReason(Object.assign(new Error(code), { code }))}`,
        `ping -c 3 ${host}; ip route get ${host}`,
      );
  }
}
