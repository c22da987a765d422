import * as v from 'valibot';
import { sleep } from '../../shared/clock.ts';
import { AbsolutePath, Real, TextList } from '../../shared/plugin/args.ts';
import { defineModule, fn, type MinionContext } from '../context.ts';
import { commandFailed } from '../lib/exec.ts';
import { HttpUrl, queryOptions, waitOptions } from '../lib/http/query_options.ts';
import { type QueryResult, runQuery } from '../lib/http/run_query.ts';
import { updateCaBundle } from '../lib/http/update_ca_bundle.ts';
import { keywordOptions } from '../lib/keyword_options.ts';

const description = `
Keyword arguments:

    method, params, data, data_file       what is sent; data may be a mapping, which is sent as a form
    header_dict, header_list, header_file headers
    username, password, or auth           for basic authentication; auth is a list of both
    formdata, formdata_fieldname,         formdata=True sends it as a file of a form, in the field of that name
      formdata_filename
    status, headers, text                 what is returned beside body
    decode, decode_type                   return dict: the body as json, xml or yaml, by default by its content type
    decode_body                           False: body is bytes, as they came
    text_out, headers_out, decode_out     files to write to
    verify_ssl, ca_bundle, cert           certificates; cert is a file or a list of certificate and key
    raise_error                           False: an answer of 400 and more is no error
    agent, test, test_url`;

export default defineModule({
  summary: 'Send requests to web servers.',
  functions: {
    query: fn({
      summary: 'Send a request and return the answer.',
      description,
      args: { url: HttpUrl },
      varkw: true,
      returns: '``body``, what was asked for beside it, and ``error`` when it went wrong.',
      examples: [
        "salt '*' http.query http://example.com/ status=True",
        "salt '*' http.query http://example.com/ method=POST data='{\"a\": 1}' header_dict='{Content-Type: application/json}'",
      ],
      run: (context, { url }, { kwargs }) => runQuery(context, url, keywordOptions(kwargs, queryOptions)),
    }),
    wait_for_successful_query: fn({
      summary: 'Send a request again and again until the answer is no error.',
      description:
        'wait_for is in seconds; keyword arguments are those of http.query, and request_interval, the seconds between two requests.',
      args: { url: HttpUrl, wait_for: v.optional(Real, 300) },
      varkw: true,
      returns: 'the last result of http.query, with ``error`` when there was no other in time.',
      examples: ["salt '*' http.wait_for_successful_query http://example.com/ wait_for=160 request_interval=1"],
      run: (context, { url, wait_for }, { kwargs }) => waitForSuccess(context, url, wait_for, kwargs),
    }),
    update_ca_bundle: fn({
      summary: 'Fetch a bundle of certificates and make it the one that this system trusts.',
      description:
        'Without a source it is that of curl.se, without a target the file that the system has. merge_files come behind it. Nothing\nis written unless all of it are certificates.',
      args: { target: v.optional(AbsolutePath), source: v.optional(HttpUrl), merge_files: v.optional(TextList) },
      examples: [
        "salt '*' http.update_ca_bundle",
        "salt '*' http.update_ca_bundle target=/path/to/cacerts.pem merge_files=/path/to/mycert.pem",
      ],
      async run(context, how) {
        await updateCaBundle(context, keywordOptions({}, queryOptions), how);
        return null;
      },
    }),
  },
});

/** What a query is given at least, however little of the time is left. */
const LAST_QUERY_MS = 1000;

async function waitForSuccess(
  context: MinionContext,
  url: string,
  waitSeconds: number,
  kwargs: Readonly<Record<string, unknown>>,
): Promise<QueryResult> {
  const { request_interval: interval, ...options } = keywordOptions(kwargs, waitOptions);
  const { clock, signal } = context;
  const endMs = clock.monotonicMs() + waitSeconds * 1000;
  for (;;) {
    const leftMs = endMs - clock.monotonicMs();
    const result = await runQuery(context, url, options, Math.max(leftMs, LAST_QUERY_MS));
    if (!('error' in result) || clock.monotonicMs() + interval * 1000 > endMs) return result;
    await sleep(clock, interval * 1000, signal);
    if (signal.aborted) throw commandFailed('waiting was cancelled');
  }
}
