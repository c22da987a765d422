/** An example: copy it into a folder that `reactor_dirs` names, and change the names. */
export default {
  summary: 'Accept the keys of new minions whose names begin with lab-, and greet them.',
  tag: 'salt/auth',
  async react({ wheel, publish }, { data }) {
    if (data.act !== 'pend' || !data.id.startsWith('lab-')) return;
    await wheel('key.accept', { match: [data.id] });
    await publish({ tgt: data.id, fun: 'test.echo', arg: ['welcome'], queue_for: 600 });
  },
};
