//! What a panic means. Inside a stack it is the stack's death, and the trial
//! says so; anywhere else it is a bug in tcpspec.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

thread_local! {
    static IN_STACK: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Sets the hook that tells the two apart. Call it once, first thing.
pub(crate) fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        if IN_STACK.get() {
            LAST.set(describe(info));
        } else {
            anstream::eprintln!(
                "tcpspec: bug: {}\nThis is a mistake of tcpspec, not of a stack. Please report it with the command line.",
                describe(info)
            );
        }
    }));
}

/// Runs a stack's code.
///
/// # Errors
///
/// The panic's message and place, if it panics.
pub(crate) fn inside_stack<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    IN_STACK.set(true);
    let result = catch_unwind(AssertUnwindSafe(code));
    IN_STACK.set(false);
    result.map_err(|_| LAST.take())
}

/// A bug, on purpose.
pub(crate) fn on_purpose() -> ! {
    #[expect(clippy::panic, reason = "this is what the verb is for")]
    {
        panic!("asked for on the command line")
    }
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("a panic without a message");
    info.location().map_or_else(
        || message.to_owned(),
        |place| format!("{message} ({}:{})", place.file(), place.line()),
    )
}
