/** A template that each engine is timed with. Only what Jinja2 and nunjucks both know, so that all print the same. */
export interface TimedTemplate {
  readonly name: string;
  readonly source: string;
}

/** What the templates see. */
export const renderContext = {
  os_family: 'Debian',
  role: 'web',
  domain: 'example.com',
  packages: ['nginx', 'openssl', 'curl', 'htop', 'vim'],
  users: Array.from({ length: 20 }, (_, index) => ({ name: `user${index}`, uid: 1000 + index, shell: '/bin/bash' })),
  settings: { workers: 4, timeout: 30, access_log: '/var/log/access.log', error_log: '/var/log/error.log' },
  hosts: Array.from({ length: 200 }, (_, index) => ({ name: `host${index}`, ip: `10.0.${index >> 4}.${index & 15}` })),
};

/** Ten lines of an SLS file in the manner of public formulas. */
const block = (index: number): string => `\
{% set name = 'service' ~ ${index} %}
{% if os_family == 'Debian' and ${index} > 2 %}
{{ name }}-packages:
  pkg.installed:
    - pkgs: [{% for package in packages %}{{ package | lower }}{% if not loop.last %}, {% endif %}{% endfor %}]
{% endif %}
{{ name }}-config:
  file.managed:
    - name: /etc/{{ name }}/{{ role | default('none') }}.conf
    - mode: "{{ '0644' if settings.workers > 2 else '0600' }}"
`;

export const timedTemplates: readonly TimedTemplate[] = [
  { name: 'an SLS of 1,000 lines', source: Array.from({ length: 100 }, (_, index) => block(index)).join('') },
  {
    name: 'a loop of 4,000 lines',
    source: `{% for user in users %}{% for host in hosts %}
{{ host.ip }} {{ host.name }}.{{ domain }} {{ user.name }}:{{ loop.index }}{% endfor %}{% endfor %}`,
  },
  {
    name: '1,000 calls of a macro',
    source: `{% macro line(key, value, sep='=') %}{{ key | upper }}{{ sep }}{{ value | replace('/', '_') }}{% endmacro %}
{% for host in hosts %}{% for key in ['a', 'b', 'c', 'd', 'e'] %}{{ line(key, host.ip ~ '/24') }}
{% endfor %}{% endfor %}`,
  },
];
