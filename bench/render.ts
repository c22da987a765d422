import nunjucks from 'nunjucks';
import { FleetError } from '../shared/errors.ts';
import { createEnvironment } from '../shared/render/jinja/environment.ts';
import { fromJs } from '../shared/render/values/border.ts';
import type { Value } from '../shared/render/values/py_object.ts';
import { loadYaml } from '../shared/render/yaml/load_yaml.ts';
import { defineBenchmark } from './lib/benchmark.ts';
import { type Measure, ratios } from './lib/measure.ts';
import { type PythonTimer, startPythonTimer, type TimedWork } from './lib/python_timer.ts';
import { renderContext, type TimedTemplate, timedTemplates } from './lib/render_templates.ts';

const RUNS = 15;
type Times = Readonly<Record<TimedWork, number>>;
const TIMES: Times = { compile: 10, render: 20, load: 5 };
const ONCE: Times = { compile: 1, render: 1, load: 1 };
const WARM_UP = 200;
const MOST_MS = 5;

interface Often {
  readonly runs: number;
  /** Unmeasured ones before. */
  readonly warmUp: number;
  /** So many in a row are one measured run. */
  readonly times: Times;
}

export default defineBenchmark({
  summary: 'Templates compiled and rendered, and YAML read, beside Jinja2, PyYAML and nunjucks: processor time.',
  async run({ dist, isQuick, runs = RUNS, progress }) {
    const often: Often = isQuick ? { runs, warmUp: 1, times: ONCE } : { runs, warmUp: WARM_UP, times: TIMES };
    const python = await startPythonTimer(new URL('../', dist));
    try {
      const measures: Measure[] = [];
      for (const template of timedTemplates) {
        progress(`${template.name} …`);
        const isFirst = template === timedTemplates[0];
        measures.push(...(await timeTemplate(python, template, often, isFirst)));
      }
      return measures;
    } finally {
      await python.stop();
    }
  },
});

async function timeTemplate(
  python: PythonTimer,
  { name, source }: TimedTemplate,
  often: Often,
  isFirst: boolean,
): Promise<Measure[]> {
  const variables = new Map<string, Value>(Object.entries(renderContext).map(([key, value]) => [key, fromJs(value)]));
  const environment = createEnvironment();
  const target = { name: 'bench.sls', source };
  const text = environment.render(target, variables);
  if (text !== (await python.use(source, renderContext))) {
    throw new FleetError('COMMAND_FAILED', `${name}: Jinja2 prints something else`);
  }
  const work: Record<TimedWork, () => void> = {
    render: () => environment.render(target, variables),
    compile: () => createEnvironment().compile(target),
    load: () => loadYaml(text),
  };
  const inNunjucks = nunjucksWork(name, source, text);
  const kinds: readonly TimedWork[] = isFirst ? ['render', 'compile', 'load'] : ['render', 'compile'];
  const measures: Measure[] = [];
  for (const kind of kinds) {
    const bar = isFirst && kind === 'render' ? { max: MOST_MS } : undefined;
    const measured = await timeBoth(python, `${name}: ${kind}`, kind, work[kind], often, bar);
    measures.push(...measured);
    if (kind === 'load') continue;
    const theirs = timeAlone(inNunjucks[kind], kind, often);
    measures.push({ name: `${name}: ${kind}, nunjucks`, unit: 'ms', values: theirs });
    measures.push({
      name: `${name}: ${kind} / nunjucks`,
      unit: 'x',
      values: ratios(measured[0]?.values ?? [], theirs),
    });
  }
  return measures;
}

/** Throws COMMAND_FAILED when nunjucks prints something else. */
function nunjucksWork(name: string, source: string, text: string): Record<'render' | 'compile', () => void> {
  const environment = new nunjucks.Environment(null, { autoescape: false });
  const template = nunjucks.compile(source, environment);
  // Jinja2 leaves the last line end of a template out.
  if (template.render(renderContext) !== `${text}${source.endsWith('\n') ? '\n' : ''}`) {
    throw new FleetError('COMMAND_FAILED', `${name}: nunjucks prints something else`);
  }
  return {
    render: () => template.render(renderContext),
    compile: () => new nunjucks.Template(source, environment, undefined, true),
  };
}

function timeAlone(work: () => void, kind: TimedWork, { runs, warmUp, times }: Often): number[] {
  for (let count = 0; count < warmUp; count += 1) work();
  return Array.from({ length: runs }, () => timeOnce(work, times[kind]));
}

function timeOnce(work: () => void, times: number): number {
  const from = process.cpuUsage();
  for (let count = 0; count < times; count += 1) work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000 / times;
}

/** Processor time, in turns with Python's, so that both see the same machine and what else it does counts for neither. */
async function timeBoth(
  python: PythonTimer,
  name: string,
  kind: TimedWork,
  work: () => void,
  { runs, warmUp, times }: Often,
  bar: Measure['bar'],
): Promise<Measure[]> {
  for (let count = 0; count < warmUp; count += 1) work();
  await python.time(kind, 1);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    ours.push(timeOnce(work, times[kind]));
    theirs.push(await python.time(kind, times[kind]));
  }
  const other = kind === 'load' ? 'PyYAML' : 'Jinja2';
  return [
    { name, unit: 'ms', values: ours, ...(bar !== undefined && { bar }) },
    { name: `${name}, ${other}`, unit: 'ms', values: theirs },
    {
      name: `${name} / ${other}`,
      unit: 'x',
      values: ratios(ours, theirs),
      // PyYAML's loader is libyaml, in C.
      ...(kind !== 'load' && { bar: { max: 1 } }),
    },
  ];
}
