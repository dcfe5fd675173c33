//! The OpenAPI document, made from the route table.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::route::{Method, Route};

/// The document of the routes that are there.
pub(crate) fn document(routes: &[Route]) -> Value {
    let settings = SchemaSettings::openapi3();
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let params = (route.params_schema)(&mut generator);
        let answer = (route.answer_schema)(&mut generator);
        let operation = operation(route, resolve(&generator, params.as_value()), answer.as_value());
        let path = paths.entry(route.path.to_owned()).or_insert_with(|| json!({}));
        if let Value::Object(methods) = path {
            methods.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Kontor",
            "description": "The part of Stripe's API that this Kontor serves.",
            "version": kernel::API_VERSION,
        },
        "security": [{ "bearer": [] }, { "basic": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "basic": { "type": "http", "scheme": "basic" },
            },
        },
    })
}

/// The schema behind a reference to a parameter struct, since query parameters are listed one by one.
fn resolve(generator: &schemars::SchemaGenerator, schema: &Value) -> Value {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next());
    name.and_then(|name| generator.definitions().get(name)).cloned().unwrap_or_else(|| schema.clone())
}

fn operation(route: &Route, params: Value, answer: &Value) -> Value {
    let mut parameters: Vec<Value> = path_parameters(route.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    let mut operation = json!({
        "operationId": route.id,
        "responses": {
            "200": { "description": "Done.", "content": { "application/json": { "schema": answer } } },
            "default": { "description": "An error.", "content": { "application/json": { "schema": error_schema() } } },
        },
    });
    match route.method {
        Method::Get | Method::Delete => {
            let required: Vec<&str> =
                params["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            for (name, schema) in params["properties"].as_object().into_iter().flatten() {
                parameters.push(query_parameter(name, schema, required.contains(&name.as_str())));
            }
            if route.is_list {
                parameters.extend(paging_parameters());
            }
            parameters.push(query_parameter(
                "expand",
                &json!({ "type": "array", "items": { "type": "string" } }),
                false,
            ));
        }
        Method::Post => {
            let mut body = params;
            body["properties"]["expand"] = json!({ "type": "array", "items": { "type": "string" } });
            operation["requestBody"] =
                json!({ "content": { "application/x-www-form-urlencoded": { "schema": body } } });
        }
    }
    operation["parameters"] = Value::Array(parameters);
    operation
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn query_parameter(name: &str, schema: &Value, required: bool) -> Value {
    json!({ "name": name, "in": "query", "required": required, "style": "deepObject", "explode": true, "schema": schema })
}

fn paging_parameters() -> [Value; 4] {
    let cursor = json!({ "type": "string", "maxLength": 255 });
    let created = json!({ "type": "integer" });
    [
        query_parameter("limit", &json!({ "type": "integer", "minimum": 1, "maximum": 100 }), false),
        query_parameter("starting_after", &cursor, false),
        query_parameter("ending_before", &cursor, false),
        query_parameter("created", &created, false),
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
