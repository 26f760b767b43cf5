//! One server's sign-in: its state, its flow, and the token that requests carry.
//!
//! ```text
//! bearer(), refused()  --> held --> renewal (one refresh at a time, in a task of its own)
//! start()              --> flow --> steps: discover, register, receive; then exchange and store
//! sign_out()           --> revoke, then delete
//! ```

mod answers;
mod flow;
mod held;
mod listeners;
mod mcpo;
mod renewal;
mod server;
mod sign_ins;
mod sign_out;
mod state;
mod step_up;
mod steps;
mod surroundings;
mod without_browser;

pub use self::{
    answers::{Bearer, Landing, NotNow, SignInRequest, SignedOut, Verdict},
    server::SignIn,
    sign_ins::SignIns,
    state::{Awaiting, DeviceCode, SignInState},
    surroundings::{Browser, Surroundings},
};
