// How a payer pays: authentication, authorisation and capture, saved cards.

import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { balance, payment, startServer } from './helpers.js';

const server = await startServer();
const { stripe } = server;
after(server.stop);

it('sends a payer whose bank asks for it to a page of ours', async () => {
  const asked = await stripe.paymentIntents.create({
    amount: 100_00,
    currency: 'usd',
    payment_method: 'pm_card_authenticationRequired',
    confirm: true,
    return_url: 'https://shop.example/thanks',
  });
  assert.deepEqual([asked.status, asked.next_action.type], ['requires_action', 'redirect_to_url']);
  const { url, return_url } = asked.next_action.redirect_to_url;
  assert.equal(return_url, 'https://shop.example/thanks');
  assert.ok(url.startsWith(server.url), url);
  const page = await fetch(url);
  assert.deepEqual([page.status, page.headers.get('content-type').split(';')[0]], [200, 'text/html']);
});

it('cancels a payment that still waits for its payer', async () => {
  const waiting = await stripe.paymentIntents.create({ amount: 100_00, currency: 'usd' });
  const canceled = await stripe.paymentIntents.cancel(waiting.id, { cancellation_reason: 'abandoned' });
  assert.deepEqual([canceled.status, canceled.cancellation_reason], ['canceled', 'abandoned']);
});

it('authorises first and captures a part later', async () => {
  const held = await stripe.paymentIntents.create(payment(100_00, { capture_method: 'manual' }));
  assert.deepEqual([held.status, held.amount_capturable], ['requires_capture', 100_00]);
  assert.deepEqual(await balance(stripe), { available: 0, pending: 0 });

  const captured = await stripe.paymentIntents.capture(held.id, { amount_to_capture: 60_00 });
  assert.deepEqual([captured.status, captured.amount_received], ['succeeded', 60_00]);
  assert.deepEqual(await balance(stripe), { available: 57_96, pending: 0 });
});

it('keeps a card with its customer and charges it again', async () => {
  const customer = await stripe.customers.create({ name: 'Ann', email: 'ann@example.com' });
  const card = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
  assert.deepEqual([card.customer, card.card.last4], [customer.id, '4242']);
  const again = payment(10_00, { customer: customer.id, payment_method: card.id, off_session: true });
  assert.equal((await stripe.paymentIntents.create(again)).status, 'succeeded');
  assert.equal((await stripe.paymentMethods.detach(card.id)).customer, null);
});

it('still takes the parameter that older integrations send', async () => {
  const { automatic_payment_methods, ...older } = payment(10_00);
  const paid = await stripe.paymentIntents.create({ ...older, payment_method_types: ['card'] });
  assert.deepEqual([paid.status, paid.payment_method_types], ['succeeded', ['card']]);
});

it('takes a card by its test token', async () => {
  const { payment_method, ...rest } = payment(100_00);
  const before = await balance(stripe);
  await stripe.paymentIntents.create({ ...rest, payment_method_data: { type: 'card', card: { token: 'tok_bypassPending' } } });
  assert.equal((await balance(stripe)).available, before.available + 96_80);
});
