//! The OpenAPI document, made from the route table.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::CreatedRange;
use crate::route::{Method, Route};

/// The document of the routes that are there.
///
/// It is OpenAPI 3.1: its schemas are JSON Schema as it is, `null` included. What is asked and what is answered are
/// described apart, since a field with a default may be left out of a request and is always in an answer.
pub(crate) fn document(routes: &[Route]) -> Value {
    let settings = || {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        settings
    };
    let mut asked = settings().for_deserialize().into_generator();
    let mut answered = settings().for_serialize().into_generator();
    let schemas: Vec<(Value, Value)> = routes
        .iter()
        .map(|route| ((route.params_schema)(&mut asked).to_value(), (route.answer_schema)(&mut answered).to_value()))
        .collect();
    let (mut asked, answered) = (asked.take_definitions(true), answered.take_definitions(true));
    asked.values_mut().for_each(drop_nulls);
    let mut components = answered.clone();
    for (name, mut schema) in asked.clone() {
        rename(&mut schema, &asked, &answered);
        components.insert(name_of_asked(&name, &asked, &answered), schema);
    }
    components.insert("Error".to_owned(), error_schema());
    let mut paths: Map<String, Value> = Map::new();
    for (route, (mut params, answer)) in routes.iter().zip(schemas) {
        drop_nulls(&mut params);
        let mut params = resolve(&params, &asked).clone();
        rename(&mut params, &asked, &answered);
        let path = paths.entry(route.path.to_owned()).or_insert_with(|| json!({}));
        if let Value::Object(methods) = path {
            let method = route.method.as_str().to_ascii_lowercase();
            methods.insert(method, operation(route, params, &answer, &components));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Kontor",
            "description": "The part of Stripe's API that this Kontor serves.",
            "version": kernel::API_VERSION,
        },
        "security": [{ "bearer": [] }, { "basic": [] }],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "basic": { "type": "http", "scheme": "basic" },
            },
        },
    })
}

type Definitions = Map<String, Value>;

/// The name of a schema of requests: its own, unless answers call another schema so.
fn name_of_asked(name: &str, asked: &Definitions, answered: &Definitions) -> String {
    match answered.get(name) {
        Some(other) if Some(other) != asked.get(name) => format!("{name}.params"),
        _ => name.to_owned(),
    }
}

/// Lets the references of a request's schema follow [`name_of_asked`].
fn rename(schema: &mut Value, asked: &Definitions, answered: &Definitions) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(REFERENCE)
            {
                *reference = format!("{REFERENCE}{}", name_of_asked(name, asked, answered));
            }
            fields.values_mut().for_each(|value| rename(value, asked, answered));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, asked, answered)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

const REFERENCE: &str = "#/components/schemas/";

/// A form has no `null`: what can be left out is just not required.
fn drop_nulls(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::Array(types)) = fields.get_mut("type") {
                types.retain(|name| name != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    fields.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(values)) = fields.get_mut("enum") {
                values.retain(|value| !value.is_null());
            }
            if fields.get("default").is_some_and(Value::is_null) {
                fields.remove("default");
            }
            if let Some(Value::Array(choices)) = fields.get_mut("anyOf") {
                choices.retain(|choice| choice["type"] != "null");
                if let [Value::Object(one)] = choices.as_slice() {
                    let one = one.clone();
                    fields.remove("anyOf");
                    fields.extend(one);
                }
            }
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The schema behind a reference.
fn resolve<'a>(schema: &'a Value, definitions: &'a Definitions) -> &'a Value {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix(REFERENCE));
    name.and_then(|name| definitions.get(name)).unwrap_or(schema)
}

/// Whether values of the schema are written with brackets.
fn is_bracketed(schema: &Value, components: &Definitions) -> bool {
    let schema = resolve(schema, components);
    let choices = ["anyOf", "oneOf", "allOf"].iter().filter_map(|name| schema[*name].as_array()).flatten();
    schema["type"] == "object" || schema["type"] == "array" || choices.into_iter().any(|s| is_bracketed(s, components))
}

fn operation(route: &Route, params: Value, answer: &Value, components: &Definitions) -> Value {
    let mut parameters: Vec<Value> = path_parameters(route.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    let error = json!({ "$ref": format!("{REFERENCE}Error") });
    let mut operation = json!({
        "operationId": route.id,
        "responses": {
            "200": { "description": "Done.", "content": { "application/json": { "schema": answer } } },
            "default": { "description": "An error.", "content": { "application/json": { "schema": error } } },
        },
    });
    let expand = json!({ "type": "array", "items": { "type": "string" } });
    match route.method {
        Method::Get | Method::Delete => {
            let required: Vec<&str> =
                params["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let mut query = |name: &str, schema: &Value| {
                let is_required = required.contains(&name);
                let is_bracketed = is_bracketed(schema, components);
                parameters.push(query_parameter(name, schema, is_required, is_bracketed));
            };
            for (name, schema) in params["properties"].as_object().into_iter().flatten() {
                query(name, schema);
            }
            if route.is_list {
                let taken = |(name, _): &&(&str, Value)| *name != "created" || route.has_created;
                paging_parameters().iter().filter(taken).for_each(|(name, schema)| query(name, schema));
            }
            query("expand", &expand);
        }
        Method::Post => {
            let mut body = params;
            body["properties"]["expand"] = expand;
            let encoding: Map<String, Value> = body["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(_, schema)| is_bracketed(schema, components))
                .map(|(name, _)| (name.clone(), json!({ "style": "deepObject", "explode": true })))
                .collect();
            operation["requestBody"] = json!({
                "content": { "application/x-www-form-urlencoded": { "schema": body, "encoding": encoding } },
            });
        }
    }
    operation["parameters"] = Value::Array(parameters);
    operation
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn query_parameter(name: &str, schema: &Value, is_required: bool, is_bracketed: bool) -> Value {
    let mut parameter = json!({ "name": name, "in": "query", "required": is_required, "schema": schema });
    if is_bracketed {
        parameter["style"] = "deepObject".into();
        parameter["explode"] = true.into();
    }
    parameter
}

fn paging_parameters() -> [(&'static str, Value); 4] {
    let cursor = json!({ "type": "string", "maxLength": 255 });
    let created = schemars::SchemaGenerator::default().subschema_for::<CreatedRange>().to_value();
    [
        ("limit", json!({ "type": "integer", "minimum": 1, "maximum": 100 })),
        ("starting_after", cursor.clone()),
        ("ending_before", cursor),
        ("created", created),
    ]
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["type", "message"],
            "properties": {
                "type": { "type": "string", "enum": ["api_error", "card_error", "idempotency_error", "invalid_request_error"] },
                "code": { "type": "string" },
                "param": { "type": "string" },
                "message": { "type": "string" },
            },
        } },
    })
}
