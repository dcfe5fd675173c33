//! Forms that many tests send.

/// A form's body.
pub fn encode(form: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|b| match b {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'[' | b']' => char::from(b).to_string(),
                _ => format!("%{b:02X}"),
            })
            .collect()
    };
    form.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}

/// Everything that an American individual's custom account needs, with `changes` on top: a value replaces the one of the
/// same name, an empty one leaves it out.
pub fn seller_form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("type", "custom"),
        ("country", "US"),
        ("email", "seller@example.com"),
        ("business_type", "individual"),
        ("business_profile[mcc]", "5734"),
        ("business_profile[name]", "Seller"),
        ("business_profile[product_description]", "Things made by hand"),
        ("business_profile[support_phone]", "+14155550100"),
        ("capabilities[card_payments][requested]", "true"),
        ("capabilities[transfers][requested]", "true"),
        ("individual[first_name]", "Ada"),
        ("individual[last_name]", "Baker"),
        ("individual[email]", "seller@example.com"),
        ("individual[phone]", "+14155550100"),
        ("individual[dob][day]", "1"),
        ("individual[dob][month]", "1"),
        ("individual[dob][year]", "1902"),
        ("individual[ssn_last_4]", "0000"),
        ("individual[address][line1]", "address_full_match"),
        ("individual[address][city]", "San Francisco"),
        ("individual[address][state]", "CA"),
        ("individual[address][postal_code]", "94107"),
        ("individual[address][country]", "US"),
        ("settings[payments][statement_descriptor]", "HANDMADE THINGS"),
        ("settings[payouts][schedule][interval]", "manual"),
        ("tos_acceptance[date]", "1790000000"),
        ("tos_acceptance[ip]", "127.0.0.1"),
        ("external_account[object]", "bank_account"),
        ("external_account[country]", "US"),
        ("external_account[currency]", "usd"),
        ("external_account[routing_number]", "110000000"),
        ("external_account[account_number]", "000123456789"),
    ];
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    form
}
