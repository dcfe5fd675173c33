// Direct charges: the seller is the merchant, the platform takes a fee.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { assertRowsAddUp, balance, payment, rows, seller, startServer } from './helpers.js';

const server = await startServer();
const { stripe } = server;
after(server.stop);

let asSeller, sale;
before(async () => {
  const { id } = await stripe.accounts.create(seller('Alice'));
  asSeller = { stripeAccount: id };
});

it("is paid to the seller, who bears the processing fee and the platform's", async () => {
  sale = await stripe.paymentIntents.create(payment(100_00, { application_fee_amount: 5_00 }), asSeller);
  assert.equal(sale.status, 'succeeded');
  assert.match(sale.application, /^ca_/);
  assert.deepEqual(await rows(stripe, asSeller.stripeAccount), ['charge 10000 820 9180']);
  assert.deepEqual(await rows(stripe), ['application_fee 500 0 500']);
  assert.deepEqual(await balance(stripe, asSeller.stripeAccount), { available: 91_80, pending: 0 });
  assert.deepEqual(await balance(stripe), { available: 5_00, pending: 0 });
});

it('shows the platform where its fee comes from', async () => {
  const { data } = await stripe.applicationFees.list({ charge: sale.latest_charge });
  assert.deepEqual([data.length, data[0].amount, data[0].account], [1, 5_00, asSeller.stripeAccount]);
});

it('gives the fee back in proportion when a part is refunded', async () => {
  const refund = await stripe.refunds.create({ payment_intent: sale.id, amount: 40_00, refund_application_fee: true }, asSeller);
  assert.equal(refund.status, 'succeeded');
  const [fee] = (await stripe.applicationFees.list({ charge: sale.latest_charge })).data;
  assert.deepEqual([fee.amount_refunded, fee.refunded], [2_00, false]);
  // 91.80 - 40.00 + 2.00 of the fee; the processing fee stays spent.
  assert.deepEqual(await balance(stripe, asSeller.stripeAccount), { available: 53_80, pending: 0 });
  assert.deepEqual(await balance(stripe), { available: 3_00, pending: 0 });
});

it("keeps the seller's objects to the seller", async () => {
  await assert.rejects(stripe.charges.retrieve(sale.latest_charge), { statusCode: 404, code: 'resource_missing' });
  assert.equal((await stripe.charges.retrieve(sale.latest_charge, {}, asSeller)).amount, 100_00);
});

it('has rows that add up on both sides', async () => {
  await assertRowsAddUp(stripe);
  await assertRowsAddUp(stripe, asSeller.stripeAccount);
});
