// Lists are read page by page, newest first; what an object refers to comes along when asked for.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { payment, startServer } from './helpers.js';

const server = await startServer();
const { stripe } = server;
after(server.stop);

describe('a list of 25 customers', () => {
  const newestFirst = [];
  before(async () => {
    for (let n = 1; n <= 25; n++) newestFirst.unshift((await stripe.customers.create({ name: `Customer ${n}` })).id);
  });
  const ids = (customers) => customers.map(({ id }) => id);

  it('is read to its end by the SDK, newest first, whatever the page size', async () => {
    for (const limit of [1, 10, 25, 100]) {
      const all = await stripe.customers.list({ limit }).autoPagingToArray({ limit: 1000 });
      assert.deepEqual(ids(all), newestFirst);
    }
  });

  it('has pages of ten when none are asked for', async () => {
    const page = await stripe.customers.list();
    assert.deepEqual(ids(page.data), newestFirst.slice(0, 10));
    assert.deepEqual([page.object, page.url, page.has_more], ['list', '/v1/customers', true]);
  });

  it('goes on after a customer, and ends', async () => {
    const page = await stripe.customers.list({ limit: 10, starting_after: newestFirst[19] });
    assert.deepEqual(ids(page.data), newestFirst.slice(20));
    assert.equal(page.has_more, false);
  });

  it('goes back before a customer', async () => {
    const page = await stripe.customers.list({ limit: 10, ending_before: newestFirst[20] });
    assert.deepEqual(ids(page.data), newestFirst.slice(10, 20));
    assert.equal(page.has_more, true);
  });

  it('is read backwards by the SDK, oldest first', async () => {
    const all = await stripe.customers.list({ limit: 10, ending_before: newestFirst[24] }).autoPagingToArray({ limit: 1000 });
    assert.deepEqual(ids(all), newestFirst.slice(0, 24).reverse());
  });

  it('refuses a page of more than a hundred', async () => {
    await assert.rejects(stripe.customers.list({ limit: 101 }), { statusCode: 400, param: 'limit' });
  });
});

describe('expand', () => {
  let paid;
  before(async () => (paid = await stripe.paymentIntents.create(payment(100_00))));

  it('brings the charge and its balance transaction along', async () => {
    const { latest_charge } = await stripe.paymentIntents.retrieve(paid.id, { expand: ['latest_charge.balance_transaction'] });
    assert.deepEqual([latest_charge.object, latest_charge.balance_transaction.net], ['charge', 96_80]);
  });

  it('leaves an id where nothing is asked for', () => {
    assert.match(paid.latest_charge, /^ch_/);
  });

  it('works on the entries of a list', async () => {
    const { data } = await stripe.paymentIntents.list({ expand: ['data.latest_charge.balance_transaction'] });
    assert.equal(data[0].latest_charge.balance_transaction.fee, 3_20);
  });

  it('works on what has just been made', async () => {
    const { latest_charge } = await stripe.paymentIntents.create(payment(10_00, { expand: ['latest_charge'] }));
    assert.equal(latest_charge.amount_captured, 10_00);
  });

  it('refuses a field that cannot be expanded', async () => {
    await assert.rejects(stripe.paymentIntents.retrieve(paid.id, { expand: ['amount'] }), { statusCode: 400 });
  });
});
