import { request } from '../api.js';
import { card, h } from '../dom.js';

/**
 * A form that sends one power reading with the current time.
 * @param {string} site filled in at first
 * @param {(site: string) => void} onSent called with the site of an accepted reading
 */
export function readingForm(site, onSent) {
  /** @type {(id: string, label: string, attributes: Record<string, string | number>) => HTMLElement} */
  const input = (id, label, attributes) =>
    h(
      'div',
      { class: 'field' },
      h('label', { for: id }, label),
      h('input', { id, required: true, autocomplete: 'off', 'aria-describedby': 'reading-outcome', ...attributes }),
    );
  const outcome = h('p', { id: 'reading-outcome', role: 'status' });
  const form = h(
    'form',
    { id: 'reading', novalidate: true },
    input('site-id', 'Site', { value: site, maxlength: 253 }),
    input('device-id', 'Device', { maxlength: 253 }),
    input('watts', 'Power in watts', { type: 'number', step: 'any', inputmode: 'decimal' }),
    h('button', { class: 'primary', type: 'submit' }, 'Send reading'),
    outcome,
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const value = (/** @type {string} */ id) =>
      /** @type {HTMLInputElement} */ (form.querySelector(`#${id}`)).value.trim();
    const body = {
      site_id: value('site-id'),
      device_id: value('device-id'),
      power_reading: value('watts') === '' ? null : Number(value('watts')),
      timestamp: new Date().toISOString(),
    };
    outcome.className = '';
    outcome.textContent = 'Sending';
    try {
      await request('/readings', { method: 'POST', body });
      outcome.className = 'success';
      outcome.textContent = `Accepted: ${body.power_reading} W of ${body.device_id} at ${body.site_id}.`;
      onSent(body.site_id);
    } catch (error) {
      outcome.className = 'error';
      outcome.textContent = /** @type {Error} */ (error).message;
    }
  });
  return card(
    'Send a reading',
    h(
      'p',
      { class: 'note' },
      'One power reading of a meter, with the current time. Energy is calculated between two readings of a device.',
    ),
    form,
  );
}
