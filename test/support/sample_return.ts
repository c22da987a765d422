/** A return with everything that an outputter can meet. */
export const sampleReturn = {
  m1: {
    text: 'one line',
    unicode: 'é 日本 🎉',
    lines: 'first\n\n  third\n',
    empty_text: '',
    none: null,
    yes: true,
    no: false,
    int: 42,
    float: 0.5,
    tiny: 1e-7,
    empty_list: [],
    empty_dict: {},
    list: ['a', 1, null, 'b\nc'],
    lists: [['a', ['b']], [], [{ k: 'v' }]],
    dicts: [{ name: 'x', tags: ['y'] }],
    dict: { b: { c: 1 }, a: 'z' },
  },
};
