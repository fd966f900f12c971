// The timeline of one customer. All texts are data and are set as text.
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('timelines').textContent);
  const select = document.getElementById('customer');
  const search = document.getElementById('search');
  const place = document.getElementById('timeline');
  if (!select) return;
  const LANES = 8;
  const SVG = 'http://www.w3.org/2000/svg';
  const WORDS = {sent: 'sent', held: 'held', not_sent: 'not sent'};

  const make = (tag, attributes, text) => {
    const svg = ['svg', 'g', 'line', 'rect', 'circle', 'path', 'text', 'title'].includes(tag);
    const node = svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const instant = (ms) => new Date(ms).toISOString().replace('T', ' ').slice(0, 19);
  const cut = (text, most) => text.length > most ? text.slice(0, most - 1) + '\u2026' : text;
  const word = (contact) =>
    `${contact.channel} ${WORDS[contact.what]}` +
    (contact.reason ? ` (${contact.reason}${contact.until ? ` until ${instant(contact.until)}` : ''})` : '');

  // Lanes from top to bottom: the customer's commonest events, the rest of
  // them, what was found, what was sent.
  const lanesOf = (customer) => {
    const counts = new Map();
    for (const [, name] of customer.events) counts.set(name, (counts.get(name) || 0) + 1);
    const names = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || a - b);
    const lanes = names.slice(0, names.length > LANES ? LANES - 1 : LANES).map((name) => ({
      label: data.names[name], marks: customer.events.filter((e) => e[1] === name)
        .map((e) => ({at: e[0], kind: 'event', text: data.names[name]})),
    }));
    const shown = new Set(names.slice(0, lanes.length));
    if (names.length > lanes.length) {
      lanes.push({label: `${names.length - lanes.length} other events`,
        marks: customer.events.filter((e) => !shown.has(e[1]))
          .map((e) => ({at: e[0], kind: 'event', text: data.names[e[1]]}))});
    }
    lanes.push({label: 'Found by a rule', marks: customer.detections
      .map(([at, rule]) => ({at, kind: 'found', text: data.rules[rule]}))});
    lanes.push({label: 'Contacts', marks: customer.contacts
      .map((c) => ({at: c.at, kind: c.what, text: `${data.rules[c.rule]}: ${word(c)}`}))});
    return lanes;
  };

  const mark = (x, y, what) => {
    const node = what.kind === 'found'
      ? make('path', {class: 'found', d: `M${x} ${y - 6}l6 10h-12z`})
      : what.kind === 'sent' ? make('rect', {class: 'c2', x: x - 5, y: y - 5, width: 10, height: 10})
      : what.kind === 'event' ? make('circle', {class: 'c1', cx: x, cy: y, r: 4, 'fill-opacity': .75})
      : make('rect', {class: 'hollow', x: x - 4, y: y - 4, width: 8, height: 8});
    node.append(make('title', {}, `${instant(what.at)} ${what.text}`));
    return node;
  };

  const draw = (customer, lanes) => {
    const WIDTH = 960, LEFT = 190, RIGHT = 24, ROW = 26, TOP = 8;
    const times = lanes.flatMap((lane) => lane.marks.map((m) => m.at));
    const first = times.reduce((a, b) => Math.min(a, b));
    const last = Math.max(times.reduce((a, b) => Math.max(a, b)), first + 1000);
    const bottom = TOP + lanes.length * ROW;
    const x = (at) => +(LEFT + (WIDTH - LEFT - RIGHT) * (at - first) / (last - first)).toFixed(1);
    const svg = make('svg', {class: 'chart', viewBox: `0 0 ${WIDTH} ${bottom + 28}`, role: 'img',
      'aria-label': `Timeline of ${customer.id}; the list below has the same`});
    lanes.forEach((lane, i) => {
      const y = TOP + i * ROW + ROW / 2;
      svg.append(make('line', {class: 'lane', x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y}));
      const label = make('text', {x: LEFT - 14, y: y + 4, 'text-anchor': 'end'}, cut(lane.label, 26));
      label.append(make('title', {}, lane.label));
      svg.append(label);
      for (const one of lane.marks) svg.append(mark(x(one.at), y, one));
    });
    for (let i = 0; i <= 4; ++i) {
      const at = first + (last - first) * i / 4;
      svg.append(make('line', {class: 'tick', x1: x(at), x2: x(at), y1: bottom, y2: bottom + 5}));
      svg.append(make('text', {x: x(at), y: bottom + 19,
        'text-anchor': i === 4 ? 'end' : i === 0 ? 'start' : 'middle'},
        last - first < 600000 ? instant(at) : instant(at).slice(0, 16)));
    }
    const scroll = make('div', {class: 'scroll', tabindex: 0});
    scroll.append(svg);
    return scroll;
  };

  const KEYS = [['event', 'event'], ['found', 'found by a rule'], ['sent', 'sent'], ['held', 'held, or not sent']];
  const legend = () => {
    const line = make('p', {class: 'legend'});
    for (const [kind, text] of KEYS) {
      const span = make('span');
      const key = make('svg', {class: 'key', viewBox: '-6 -7 12 14', 'aria-hidden': 'true'});
      key.append(mark(0, 0, {kind, at: 0, text}));
      key.querySelector('title').remove();
      span.append(key, ` ${text}`);
      line.append(span);
    }
    return line;
  };

  const list = (lanes) => {
    const KIND = {event: 'event', found: 'found by'};
    const order = {event: 0, found: 1};
    const rows = lanes.flatMap((lane) => lane.marks)
      .sort((a, b) => a.at - b.at || (order[a.kind] ?? 2) - (order[b.kind] ?? 2));
    const table = make('table');
    const head = make('tr');
    for (const name of ['Time (UTC)', '', 'What']) head.append(make('th', {scope: 'col'}, name));
    table.append(make('thead'));
    table.tHead.append(head);
    const body = make('tbody');
    for (const row of rows) {
      const tr = make('tr');
      tr.append(make('td', {class: 'n'}, instant(row.at)), make('td', {}, KIND[row.kind] || 'contact'),
        make('td', {class: 'words'}, row.text));
      body.append(tr);
    }
    table.append(body);
    const details = make('details');
    const scroll = make('div', {class: 'scroll', tabindex: 0});
    scroll.append(table);
    details.append(make('summary', {}, `As a list, ${rows.length} lines`), scroll);
    return details;
  };

  const show = () => {
    const customer = data.customers[select.value];  // '' if none matches.
    if (!customer) {
      place.replaceChildren(make('p', {class: 'soft'}, 'No customer of the list has this name.'));
      return;
    }
    const lanes = lanesOf(customer);
    const parts = [legend(), draw(customer, lanes)];
    if (customer.left_out) {
      parts.push(make('p', {class: 'soft'}, `${customer.left_out.toLocaleString('en')} entries of this customer are left out: long before the first detection, or later and none that a rule fired on.`));
    }
    parts.push(list(lanes));
    place.replaceChildren(...parts);
  };

  const fill = () => {
    const wanted = search.value.toLowerCase();
    const options = [];
    data.customers.forEach((customer, i) => {
      if (!customer.id.toLowerCase().includes(wanted)) return;
      options.push(make('option', {value: i}, `${cut(customer.id, 60)} \u2013 ${customer.sent} sent, ${customer.detections.length} found`));
    });
    select.replaceChildren(...options);
    show();
  };
  search.addEventListener('input', fill);
  select.addEventListener('change', show);
  fill();
})();
