/// The commented config that a first run writes: the demo server, and others to uncomment.
pub fn starter() -> &'static str {
    include_str!("../../../examples/starter.jsonc")
}
