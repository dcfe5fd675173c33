// What is refused arrives as the SDK's own error classes, with the fields that applications branch on.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { balance, client, payment, seller, startServer } from './helpers.js';

const server = await startServer();
const { stripe } = server;
const { errors } = stripe;
after(server.stop);

/** Runs what must be refused and answers the error, once its class and the given fields are right. */
async function refused(request, type, fields) {
  const error = await request.then(() => assert.fail('it was accepted'), (error) => error);
  assert.ok(error instanceof type, error.stack);
  for (const [name, value] of Object.entries(fields)) assert.equal(error[name], value, `${name} of ${error}`);
  return error;
}

describe('a card that is declined', () => {
  const declines = [
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline', 'Your card was declined.'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds', 'Your card has insufficient funds.'],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card', 'Your card was declined.'],
    ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card', 'Your card was declined.'],
  ];
  for (const [card, code, decline_code, message] of declines) {
    it(`says ${decline_code} as a card error, with the payment it is about`, async () => {
      const request = stripe.paymentIntents.create(payment(20_00, { payment_method: card }));
      const error = await refused(request, errors.StripeCardError, { statusCode: 402, rawType: 'card_error', code, decline_code, message });
      assert.equal(error.payment_intent.status, 'requires_payment_method');
      assert.equal(error.payment_intent.last_payment_error.decline_code, decline_code);
      assert.equal((await stripe.charges.retrieve(error.charge)).status, 'failed');
    });
  }

  const faults = [
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'Your card has expired.'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', "Your card's security code is incorrect."],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'An error occurred while processing your card. Try again in a little bit.'],
  ];
  for (const [card, code, message] of faults) {
    it(`says ${code} with a code of its own`, async () => {
      const request = stripe.paymentIntents.create(payment(20_00, { payment_method: card }));
      await refused(request, errors.StripeCardError, { statusCode: 402, code, message });
    });
  }

  it('moves no money', async () => {
    assert.deepEqual(await balance(stripe), { available: 0, pending: 0 });
  });

  it('can be followed by a card that is not', async () => {
    const request = stripe.paymentIntents.create(payment(20_00, { payment_method: 'pm_card_visa_chargeDeclined' }));
    const { payment_intent } = await refused(request, errors.StripeCardError, {});
    const paid = await stripe.paymentIntents.confirm(payment_intent.id, { payment_method: 'pm_card_visa' });
    assert.equal(paid.status, 'succeeded');
  });
});

describe('a request that makes no sense', () => {
  const { StripeInvalidRequestError } = errors;

  it('names what does not exist, with 404', async () => {
    const expected = { statusCode: 404, code: 'resource_missing', message: "No such payment_intent: 'pi_missing'" };
    await refused(stripe.paymentIntents.retrieve('pi_missing'), StripeInvalidRequestError, expected);
    await refused(stripe.customers.retrieve('cus_missing'), StripeInvalidRequestError, { statusCode: 404, code: 'resource_missing' });
  });

  it('names a parameter that is unknown', async () => {
    const expected = { statusCode: 400, code: 'parameter_unknown', param: 'nmae' };
    await refused(stripe.customers.create({ nmae: 'Ann' }), StripeInvalidRequestError, expected);
  });

  it('names a parameter that is unknown inside another', async () => {
    const request = stripe.paymentIntents.create({ amount: 20_00, currency: 'usd', transfer_data: { destinatoin: 'acct_1' } });
    await refused(request, StripeInvalidRequestError, { code: 'parameter_unknown', param: 'transfer_data[destinatoin]' });
  });

  it('names a parameter that is missing', async () => {
    const expected = { statusCode: 400, code: 'parameter_missing', param: 'amount' };
    await refused(stripe.paymentIntents.create({ currency: 'usd' }), StripeInvalidRequestError, expected);
  });

  it('names an amount below the smallest there is', async () => {
    const expected = { statusCode: 400, code: 'amount_too_small', param: 'amount' };
    await refused(stripe.paymentIntents.create(payment(49)), StripeInvalidRequestError, expected);
  });

  it('names a transfer of more than there is', async () => {
    const { id } = await stripe.accounts.create(seller('Alice'));
    const request = stripe.transfers.create({ amount: 1_000_000_00, currency: 'usd', destination: id });
    await refused(request, StripeInvalidRequestError, { statusCode: 400, code: 'balance_insufficient' });
  });

  it('names a second refund of the same money', async () => {
    const { latest_charge: charge } = await stripe.paymentIntents.create(payment(20_00));
    await stripe.refunds.create({ charge });
    await refused(stripe.refunds.create({ charge }), StripeInvalidRequestError, { statusCode: 400, code: 'charge_already_refunded' });
  });

  it('carries the id of the request', async () => {
    const { requestId } = await refused(stripe.charges.retrieve('ch_missing'), StripeInvalidRequestError, {});
    assert.match(requestId, /^req_/);
  });
});

describe('a request from the wrong hands', () => {
  it('is an authentication error without a good key', async () => {
    const stranger = client(server.url, 'sk_test_SomebodyElsesKey00000001');
    const error = await refused(stranger.balance.retrieve(), errors.StripeAuthenticationError, { statusCode: 401 });
    assert.doesNotMatch(error.message, /SomebodyElses/, 'the key is not repeated in full');
  });

  it('is a permission error on an account that is not ours', async () => {
    const expected = { statusCode: 403, code: 'account_invalid' };
    await refused(stripe.balance.retrieve({}, { stripeAccount: 'acct_1000000000000000' }), errors.StripePermissionError, expected);
  });

  it('finds no object of another account', async () => {
    const { id } = await stripe.accounts.create(seller('Bob'));
    const customer = await stripe.customers.create({ name: 'Ann' });
    const request = stripe.customers.retrieve(customer.id, {}, { stripeAccount: id });
    await refused(request, errors.StripeInvalidRequestError, { statusCode: 404, code: 'resource_missing' });
  });
});
