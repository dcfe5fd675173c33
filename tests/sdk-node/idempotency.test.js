// A request sent twice under one key happens once.

import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { balance, payment, startServer } from './helpers.js';

const server = await startServer();
const { stripe } = server;
after(server.stop);

it('answers the same key with the same object, and says that it is a replay', async () => {
  const once = await stripe.paymentIntents.create(payment(100_00), { idempotencyKey: 'order-1' });
  const again = await stripe.paymentIntents.create(payment(100_00), { idempotencyKey: 'order-1' });
  assert.equal(JSON.stringify(again), JSON.stringify(once));
  assert.equal(once.lastResponse.headers['idempotent-replayed'], undefined);
  assert.equal(again.lastResponse.headers['idempotent-replayed'], 'true');
  assert.equal(again.lastResponse.headers['original-request'], once.lastResponse.requestId);
  assert.deepEqual(await balance(stripe), { available: 96_80, pending: 0 });
});

it('refuses the same key with other parameters', async () => {
  await stripe.customers.create({ name: 'Ann' }, { idempotencyKey: 'customer-1' });
  await assert.rejects(stripe.customers.create({ name: 'Ben' }, { idempotencyKey: 'customer-1' }), (error) => {
    assert.ok(error instanceof stripe.errors.StripeIdempotencyError, error.stack);
    assert.deepEqual([error.statusCode, error.rawType], [400, 'idempotency_error']);
    return true;
  });
});

it('replays a decline as the same decline', async () => {
  const attempt = () =>
    stripe.paymentIntents
      .create(payment(20_00, { payment_method: 'pm_card_visa_chargeDeclined' }), { idempotencyKey: 'order-2' })
      .then(() => assert.fail('it was accepted'), (error) => error);
  const [first, second] = [await attempt(), await attempt()];
  assert.ok(second instanceof stripe.errors.StripeCardError, second.stack);
  assert.equal(second.payment_intent.id, first.payment_intent.id);
  assert.equal(second.headers['idempotent-replayed'], 'true');
});

it('makes one charge of sixteen requests that race under one key', async () => {
  const before = (await stripe.charges.list({ limit: 100 })).data.length;
  const race = Array.from({ length: 16 }, () =>
    stripe.paymentIntents.create(payment(10_00), { idempotencyKey: 'order-3', maxNetworkRetries: 10 }),
  );
  const ids = new Set((await Promise.all(race)).map(({ id }) => id));
  assert.equal(ids.size, 1);
  assert.equal((await stripe.charges.list({ limit: 100 })).data.length, before + 1);
});
