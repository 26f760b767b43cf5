//! The whole router, from a request to the bytes of its answer, in front of made-up servers.

mod calls;
mod descriptions;
mod documents;
mod errors;
mod guard;
mod own;
mod stand;

use self::stand::{Answer, Stand, get, post, tool};
