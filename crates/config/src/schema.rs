/// The JSON Schema of the file (draft 2020-12), for editors: the text of `schema/traygate.schema.json`.
pub fn schema() -> &'static str {
    include_str!("../schema/traygate.schema.json")
}

#[cfg(test)]
mod shape;
#[cfg(test)]
mod tests;
