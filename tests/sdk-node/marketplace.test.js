// A marketplace's first day: two sellers, two payments, a refund, a payout, and the webhooks that tell of them.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ENGINES, advanceClock, assertRowsAddUp, balance, payment, rows, seller, startReceiver, startServer } from './helpers.js';

for (const engine of ENGINES) {
  describe(`a marketplace on ${engine.name}`, { skip: engine.skip }, () => {
    let server, stripe, receiver, own, connect, alice, bob, order;

    before(async () => {
      server = await startServer(engine);
      ({ stripe } = server);
      receiver = await startReceiver();
      own = await stripe.webhookEndpoints.create({ url: receiver.url('/own'), enabled_events: ['*'] });
      connect = await stripe.webhookEndpoints.create({ url: receiver.url('/connect'), enabled_events: ['*'], connect: true });
    });

    after(async () => {
      receiver?.stop();
      await server?.stop();
    });

    it('opens two sellers who can charge and be paid out at once', async () => {
      alice = await stripe.accounts.create(seller('Alice'));
      bob = await stripe.accounts.create(seller('Bob'));
      for (const account of [alice, bob]) {
        assert.deepEqual([account.charges_enabled, account.payouts_enabled, account.details_submitted], [true, true, true]);
        assert.deepEqual(account.capabilities, { card_payments: 'active', transfers: 'active' });
        assert.deepEqual(account.requirements.currently_due, []);
      }
    });

    it('takes a payment for a seller and keeps a fee', async () => {
      order = await stripe.paymentIntents.create(
        payment(100_00, { transfer_data: { destination: alice.id }, application_fee_amount: 10_00, expand: ['latest_charge.transfer'] }),
      );
      assert.equal(order.status, 'succeeded');
      assert.equal(order.amount_received, 100_00);
      assert.equal(order.latest_charge.transfer.destination, alice.id);
      assert.equal(order.latest_charge.application_fee_amount, 10_00);
      // 100.00 - 3.20 processing - 100.00 transferred + 10.00 fee; the seller has the rest.
      assert.deepEqual(await balance(stripe), { available: 6_80, pending: 0 });
      assert.deepEqual(await balance(stripe, alice.id), { available: 90_00, pending: 0 });
    });

    it('splits another payment between both sellers', async () => {
      const cart = await stripe.paymentIntents.create(payment(200_00, { payment_method: 'pm_card_visa', transfer_group: 'cart_1' }));
      const share = { currency: 'usd', source_transaction: cart.latest_charge };
      const first = await stripe.transfers.create({ ...share, amount: 80_00, destination: alice.id });
      await stripe.transfers.create({ ...share, amount: 60_00, destination: bob.id });
      assert.equal(first.transfer_group, 'cart_1');
      // 200.00 - 6.10 processing - 140.00 transferred, none of it available yet.
      assert.deepEqual(await balance(stripe), { available: 6_80, pending: 53_90 });
      assert.deepEqual(await balance(stripe, alice.id), { available: 90_00, pending: 80_00 });
      assert.deepEqual(await balance(stripe, bob.id), { available: 0, pending: 60_00 });
    });

    it('refunds a part of which the seller and the fee give back their share', async () => {
      const refund = await stripe.refunds.create({
        payment_intent: order.id,
        amount: 30_00,
        reverse_transfer: true,
        refund_application_fee: true,
      });
      assert.equal(refund.status, 'succeeded');
      assert.match(refund.transfer_reversal, /^trr_/);
      const charge = await stripe.charges.retrieve(order.latest_charge.id);
      assert.deepEqual([charge.amount_refunded, charge.refunded], [30_00, false]);
      assert.deepEqual(await balance(stripe), { available: 3_80, pending: 53_90 });
      assert.deepEqual(await balance(stripe, alice.id), { available: 63_00, pending: 80_00 });
    });

    it('pays a seller out once the clock has moved', async () => {
      const asSeller = { stripeAccount: alice.id };
      const payout = await stripe.payouts.create({ amount: 50_00, currency: 'usd' }, asSeller);
      assert.deepEqual([payout.status, payout.automatic], ['pending', false]);
      assert.equal(payout.destination, alice.external_accounts.data[0].id);
      assert.deepEqual(await balance(stripe, alice.id), { available: 13_00, pending: 80_00 });

      await advanceClock(server.url, 10);
      assert.equal((await stripe.payouts.retrieve(payout.id, {}, asSeller)).status, 'paid');
      assert.deepEqual(await balance(stripe, alice.id), { available: 93_00, pending: 0 });
      assert.deepEqual(await balance(stripe, bob.id), { available: 60_00, pending: 0 });
    });

    it('has a row for every movement, and rows that add up to the balances', async () => {
      const platform = (await rows(stripe)).filter((row) => !row.startsWith('payout '));
      assert.deepEqual(platform, [
        'application_fee 1000 0 1000',
        'application_fee_refund -300 0 -300',
        'charge 10000 320 9680',
        'charge 20000 610 19390',
        'refund -3000 0 -3000',
        'transfer -10000 0 -10000',
        'transfer -6000 0 -6000',
        'transfer -8000 0 -8000',
        'transfer_refund 3000 0 3000',
      ]);
      assert.deepEqual(await rows(stripe, alice.id), [
        'payment 10000 1000 9000',
        'payment 8000 0 8000',
        'payment_refund -3000 -300 -2700',
        'payout -5000 0 -5000',
      ]);
      assert.deepEqual(await rows(stripe, bob.id), ['payment 6000 0 6000']);
      for (const account of [undefined, alice.id, bob.id]) await assertRowsAddUp(stripe, account);
    });

    it('hears of its own payments, signed, on its own endpoint', async () => {
      for (const type of ['payment_intent.succeeded', 'charge.succeeded', 'transfer.created', 'application_fee.created', 'charge.refunded']) {
        const { body, signature } = await receiver.first('/own', type, (event) => event.type === type);
        const event = stripe.webhooks.constructEvent(body, signature, own.secret);
        assert.equal(event.api_version, '2026-10-28.endive');
        assert.equal(event.account, undefined);
      }
    });

    it('hears of its sellers, signed and with their account, on the connect endpoint', async () => {
      for (const type of ['payout.created', 'payout.paid']) {
        const { body, signature } = await receiver.first('/connect', type, (event) => event.type === type);
        const event = stripe.webhooks.constructEvent(body, signature, connect.secret);
        assert.equal(event.account, alice.id);
        assert.equal(event.data.object.amount, 50_00);
      }
    });

    it('keeps the two endpoints apart', () => {
      const accounts = (path) => new Set(receiver.to(path).map(({ body }) => JSON.parse(body).account));
      assert.deepEqual(accounts('/own'), new Set([undefined]));
      assert.ok(!accounts('/connect').has(undefined));
    });

    it('sends nothing that verifies with another secret or another body', async () => {
      const { body, signature } = receiver.to('/own')[0];
      const verify = (text, secret) => () => stripe.webhooks.constructEvent(text, signature, secret);
      assert.throws(verify(body, connect.secret), stripe.errors.StripeSignatureVerificationError);
      assert.throws(verify(body.replace('evt_', 'evt_0'), own.secret), stripe.errors.StripeSignatureVerificationError);
    });

    it('can read back what it was told', async () => {
      const { body } = receiver.to('/connect').find((delivery) => JSON.parse(delivery.body).type === 'payout.paid');
      const { id } = JSON.parse(body);
      const event = await stripe.events.retrieve(id, {}, { stripeAccount: alice.id });
      assert.deepEqual([event.id, event.type], [id, 'payout.paid']);
    });
  });
}
