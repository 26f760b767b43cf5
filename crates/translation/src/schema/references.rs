use std::{cell::OnceCell, collections::HashMap};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use url::Url;

/// A schema as it was sent.
#[derive(Clone, Copy)]
pub(super) enum Schema<'a> {
    Object(&'a Map<String, Value>),
    /// `true` and `false`.
    Bool(bool),
}

impl<'a> Schema<'a> {
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self::Object(object)),
            Value::Bool(bool) => Some(Self::Bool(*bool)),
            _ => None,
        }
    }
}

/// A part of a document with a URI of its own: an object with `$id`, or the whole.
pub(super) type Resource<'a> = &'a Map<String, Value>;

/// What a reference names, and the resource in which it stands.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) schema: Schema<'a>,
    pub(super) resource: Resource<'a>,
}

/// What references name inside one document. Other documents are never read.
pub(super) struct References<'a> {
    document: Resource<'a>,
    /// Made at the first reference that is no JSON Pointer.
    index: OnceCell<Index<'a>>,
}

impl<'a> References<'a> {
    pub(super) fn new(document: Resource<'a>) -> Self {
        Self { document, index: OnceCell::new() }
    }

    /// Resolves `reference` as it stands in `resource`: a JSON Pointer (RFC 6901 §6), an anchor (JSON Schema 2020-12,
    /// core §8.2.2) or the URI of a resource in the same document (§8.2.1).
    pub(super) fn resolve(&self, reference: &str, resource: Resource<'a>) -> Option<Target<'a>> {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        if uri.is_empty() {
            // Generators embed whole schemas, `$id` and all, and still count from the document.
            return self.fragment(fragment, resource).or_else(|| self.fragment(fragment, self.document));
        }
        let uri = self.index().uri(resource)?.join(uri).ok()?;
        self.fragment(fragment, self.index().resources.get(&uri)?)
    }

    fn fragment(&self, fragment: &str, resource: Resource<'a>) -> Option<Target<'a>> {
        let fragment = percent_decode_str(fragment).decode_utf8().ok()?;
        if fragment.is_empty() {
            Some(Target { schema: Schema::Object(resource), resource })
        } else if let Some(path) = fragment.strip_prefix('/') {
            follow(path, resource)
        } else {
            self.index().anchors.get(&(std::ptr::from_ref(resource), &*fragment)).copied()
        }
    }

    fn index(&self) -> &Index<'a> {
        self.index.get_or_init(|| Index::of(self.document))
    }
}

/// Walks a JSON Pointer's tokens.
fn follow<'a>(path: &str, mut resource: Resource<'a>) -> Option<Target<'a>> {
    let mut found: Option<&'a Value> = None;
    for token in path.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        let next = match found {
            None => resource.get(&token)?,
            Some(Value::Object(object)) => object.get(&token)?,
            Some(Value::Array(values)) => values.get(token.parse::<usize>().ok()?)?,
            Some(_) => return None,
        };
        if let Value::Object(object) = next {
            resource = entered(object, resource);
        }
        found = Some(next);
    }
    Some(Target { schema: Schema::of(found?)?, resource })
}

/// The resource in which a schema and its inside stand.
pub(super) fn entered<'a>(schema: &'a Map<String, Value>, resource: Resource<'a>) -> Resource<'a> {
    if id(schema).is_some() { schema } else { resource }
}

/// The URI that `$id` gives; one that is a fragment alone is an anchor (draft-07, core §8.2.3).
fn id(schema: &Map<String, Value>) -> Option<&str> {
    schema.get("$id")?.as_str().filter(|id| !id.starts_with('#'))
}

/// The URIs of a document's resources, and their anchors.
#[derive(Default)]
struct Index<'a> {
    resources: HashMap<Url, Resource<'a>>,
    uris: HashMap<*const Map<String, Value>, Url>,
    anchors: HashMap<(*const Map<String, Value>, &'a str), Target<'a>>,
}

impl<'a> Index<'a> {
    /// Reads the document once. What is still to be read stands in a list: nesting costs no stack.
    fn of(document: Resource<'a>) -> Self {
        let mut index = Self::default();
        // Relative URIs are relative to a document that has none of its own.
        let mut open: Vec<Target<'a>> = Vec::new();
        if let Ok(nowhere) = Url::parse("schema:///") {
            index.name(document, id(document).and_then(|id| nowhere.join(id).ok()).unwrap_or(nowhere));
        }
        index.enter(document, document, &mut open);
        while let Some(Target { schema, resource }) = open.pop() {
            let Schema::Object(object) = schema else { continue };
            if let Some(uri) = id(object).and_then(|id| index.uri(resource)?.join(id).ok()) {
                index.name(object, uri);
                index.enter(object, object, &mut open);
            } else {
                index.enter(object, resource, &mut open);
            }
        }
        index
    }

    fn uri(&self, resource: Resource<'a>) -> Option<&Url> {
        self.uris.get(&std::ptr::from_ref(resource))
    }

    fn name(&mut self, resource: Resource<'a>, mut uri: Url) {
        uri.set_fragment(None);
        self.resources.entry(uri.clone()).or_insert(resource);
        self.uris.insert(std::ptr::from_ref(resource), uri);
    }

    fn enter(&mut self, object: Resource<'a>, resource: Resource<'a>, open: &mut Vec<Target<'a>>) {
        let target = Target { schema: Schema::Object(object), resource };
        let old = object.get("$id").and_then(Value::as_str).and_then(|id| id.strip_prefix('#'));
        let anchors = ["$anchor", "$dynamicAnchor"].into_iter().filter_map(|name| object.get(name)?.as_str());
        for anchor in anchors.chain(old) {
            self.anchors.entry((std::ptr::from_ref(resource), anchor)).or_insert(target);
        }
        let mut lists: Vec<&'a Value> = object.values().collect();
        while let Some(value) = lists.pop() {
            match value {
                Value::Object(object) => open.push(Target { schema: Schema::Object(object), resource }),
                Value::Array(values) => lists.extend(values),
                _ => {}
            }
        }
    }
}
