// The room from above, as SVG: x (ahead) is up, y (left) is left. Draws, and turns pointers and keys into places.

const SVG = 'http://www.w3.org/2000/svg';

function make(tag, attributes = {}, parent) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent?.append(element);
  return element;
}

export class Plan {
  #svg;
  #floor;
  #rays;
  #things = new Map();
  #size = [6, 5, 3];
  #unit = 0.1;

  /** `moved(key, [x, y])`, `turned(degrees)` and `silenced(key)` are told what people do. */
  constructor(svg, { moved, turned, raised, silenced }) {
    this.#svg = svg;
    Object.assign(this, { moved, turned, raised, silenced });
    this.#floor = make('g', {}, svg);
    this.#rays = make('g', {}, svg);
    svg.addEventListener('pointerdown', (e) => this.#grab(e));
  }

  /** Shows a room of `[x, y, z]` metres; `open`: without walls. */
  room(size, open) {
    this.#size = size;
    const [length, width] = size;
    this.#unit = Math.max(length, width) / 70;
    const margin = 3 * this.#unit;
    this.#svg.setAttribute('viewBox', `${-margin} ${-margin} ${width + 2 * margin} ${length + 2 * margin}`);
    this.#svg.classList.toggle('open', open);
    this.#floor.replaceChildren();
    make('rect', { class: 'floor', width, height: length, rx: this.#unit / 2, 'stroke-width': this.#unit / 4 }, this.#floor);
    const step = [0.5, 1, 2, 5, 10, 20, 50].find((s) => Math.max(length, width) / s <= 14);
    for (let y = step; y < width; y += step) make('line', { class: 'grid', x1: width - y, x2: width - y, y1: 0, y2: length, 'stroke-width': this.#unit / 12 }, this.#floor);
    for (let x = step; x < length; x += step) make('line', { class: 'grid', x1: 0, x2: width, y1: length - x, y2: length - x, 'stroke-width': this.#unit / 12 }, this.#floor);
    for (const thing of this.#things.values()) this.#draw(thing);
  }

  /** Adds something: a source of a colour, or the listener (`me`). */
  add(key, { label, colour, me = false, position, yaw = 0 }) {
    const group = make('g', { class: me ? 'what me' : 'what', tabindex: 0, role: 'button', 'data-key': key }, this.#svg);
    const thing = { key, label, colour, me, group, position, yaw };
    this.#things.set(key, thing);
    group.addEventListener('keydown', (e) => this.#key(e, thing));
    this.#draw(thing);
    return group;
  }

  remove(key) {
    this.#things.get(key)?.group.remove();
    this.#things.delete(key);
    this.#lines();
  }

  place(key, { position, yaw, silent }) {
    const thing = this.#things.get(key);
    if (!thing) return;
    if (position) thing.position = position;
    if (yaw !== undefined) thing.yaw = yaw;
    if (silent !== undefined) thing.group.classList.toggle('silent', silent);
    this.#set(thing);
    this.#lines();
  }

  #draw(thing) {
    const u = this.#unit;
    const { group, colour, me, label } = thing;
    group.replaceChildren();
    if (me) {
      const turning = make('g', { class: 'turning' }, group);
      make('path', { class: 'view', d: `M0 0L${-9 * u} ${-16 * u}A${18.4 * u} ${18.4 * u} 0 0 1 ${9 * u} ${-16 * u}Z` }, turning);
      make('circle', { r: 5 * u, fill: 'transparent' }, turning);
      make('ellipse', { class: 'ear', cx: -1.75 * u, cy: 0, rx: 0.45 * u, ry: 0.7 * u }, turning);
      make('ellipse', { class: 'ear', cx: 1.75 * u, cy: 0, rx: 0.45 * u, ry: 0.7 * u }, turning);
      make('path', { class: 'nose', d: `M${-0.55 * u} ${-1.5 * u}L0 ${-2.6 * u}L${0.55 * u} ${-1.5 * u}Z` }, turning);
      make('circle', { class: 'body', r: 1.75 * u }, turning);
    } else {
      make('circle', { class: 'halo', r: 3.2 * u, fill: colour }, group);
      make('circle', { r: 1.5 * u, fill: colour }, group);
      const text = make('text', { y: 4.9 * u, 'font-size': 1.9 * u }, group);
      text.textContent = label.length > 22 ? `${label.slice(0, 21)}…` : label;
    }
    make('circle', { class: 'ring', r: 3.6 * u, 'stroke-width': u / 2.5 }, group);
    this.#set(thing);
    this.#lines();
  }

  #set({ group, position: [x, y, z], yaw, me, label }) {
    const [length, width] = this.#size;
    group.setAttribute('transform', `translate(${width - y} ${length - x})`);
    // Counter-clockwise to the left, which on the screen is the other way around.
    if (me) group.querySelector('.turning').setAttribute('transform', `rotate(${-yaw})`);
    const at = `${x.toFixed(1)} m from the back, ${y.toFixed(1)} m from the right, ${z.toFixed(1)} m high`;
    group.setAttribute('aria-label', me ? `You, ${at}, turned ${Math.round(yaw)} degrees left` : `${label}, ${at}`);
  }

  /** From the listener to everything. */
  #lines() {
    const me = [...this.#things.values()].find((t) => t.me);
    if (!me) return;
    const [length, width] = this.#size;
    this.#rays.replaceChildren();
    for (const t of this.#things.values()) {
      if (t.me) continue;
      make('line', { class: 'ray', x1: width - me.position[1], y1: length - me.position[0], x2: width - t.position[1], y2: length - t.position[0], 'stroke-width': this.#unit / 6 }, this.#rays);
    }
  }

  #at({ clientX, clientY }) {
    const p = new DOMPoint(clientX, clientY).matrixTransform(this.#svg.getScreenCTM().inverse());
    return [this.#size[0] - p.y, this.#size[1] - p.x];
  }

  #inside(position) {
    return position.map((v, i) => Math.min(Math.max(v, 0.1), this.#size[i] - 0.1));
  }

  #grab(event) {
    const group = event.target.closest?.('.what');
    if (!group || (event.button ?? 0) !== 0) return;
    event.preventDefault();
    const thing = this.#things.get(group.dataset.key);
    const [px, py] = this.#at(event);
    const [x, y] = thing.position;
    // Whoever takes the head beside its middle turns it.
    const turning = thing.me && Math.hypot(px - x, py - y) > 2.1 * this.#unit;
    const offset = [x - px, y - py];
    group.focus({ preventScroll: true });
    group.classList.add('held');
    this.#svg.setPointerCapture(event.pointerId);
    const move = (e) => {
      if (e.pointerId !== event.pointerId) return;
      const [qx, qy] = this.#at(e);
      if (turning) this.turned((Math.atan2(qy - thing.position[1], qx - thing.position[0]) * 180) / Math.PI);
      else this.moved(thing.key, this.#inside([qx + offset[0], qy + offset[1]]));
    };
    const end = (e) => {
      if (e.pointerId !== event.pointerId) return;
      group.classList.remove('held');
      this.#svg.removeEventListener('pointermove', move);
      this.#svg.removeEventListener('pointerup', end);
      this.#svg.removeEventListener('pointercancel', end);
    };
    this.#svg.addEventListener('pointermove', move);
    this.#svg.addEventListener('pointerup', end);
    this.#svg.addEventListener('pointercancel', end);
  }

  #key(event, thing) {
    const step = (event.shiftKey ? 5 : 1) * this.#unit;
    const way = { ArrowUp: [step, 0], ArrowDown: [-step, 0], ArrowLeft: [0, step], ArrowRight: [0, -step] }[event.key];
    const height = { PageUp: 0.1, PageDown: -0.1 }[event.key];
    if (way) this.moved(thing.key, this.#inside([thing.position[0] + way[0], thing.position[1] + way[1]]));
    else if (height) this.raised(thing.key, Math.min(Math.max(thing.position[2] + height, 0.1), this.#size[2] - 0.1));
    else if (event.key === ' ' && !thing.me) this.silenced(thing.key);
    else return;
    event.preventDefault();
  }
}
