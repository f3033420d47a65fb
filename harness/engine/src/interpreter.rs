//! Asks and replies: the sans-IO face of a trial.
//!
//! A trial reads best as a straight line of "do this, then look at that", so
//! it is written as an `async` function whose only way to wait is an [`Ask`].
//! No runtime is involved: [`Interpreter::resume`] polls it by hand.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tcpspec_connector::{Call, Reply, Setup, StackError, StackUnderTest, Stop};
use tcpspec_link::Happened;
use tcpspec_record::Trial;
use tcpspec_wire::Instant;

use crate::plan::Plan;
use crate::play;

/// What the interpreter wants done with the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// [`StackUnderTest::open`]
    Open(Setup),
    /// [`StackUnderTest::call`]
    Call(Call),
    /// [`StackUnderTest::deliver`]
    Deliver(Vec<Vec<u8>>),
    /// [`StackUnderTest::run`]
    Run(Instant, Stop),
    /// [`StackUnderTest::leap`]
    Leap(Instant),
}

/// How far a trial has come.
#[derive(Debug)]
pub enum Progress {
    /// It waits for the answer to this.
    Ask(Ask),
    /// It is over.
    Done(Box<Trial>),
}

/// What a stack answers to an [`Ask`].
pub type Answer = Result<Reply, StackError>;

/// A trial under way.
pub struct Interpreter {
    port: Rc<Port>,
    play: Pin<Box<dyn Future<Output = Trial>>>,
}

impl Interpreter {
    /// A trial that has not begun.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let port = Rc::new(Port::default());
        let play = Box::pin(play::trial(plan, Rc::clone(&port)));
        Self { port, play }
    }

    /// Goes on until the next ask. `answer` is the answer to the last one;
    /// `None` the first time. After [`Progress::Done`] there is nothing to
    /// resume.
    pub fn resume(&mut self, answer: Option<Answer>) -> Progress {
        *self.port.answer.borrow_mut() = answer;
        let mut context = Context::from_waker(Waker::noop());
        match self.play.as_mut().poll(&mut context) {
            Poll::Ready(trial) => Progress::Done(Box::new(trial)),
            Poll::Pending => {
                let ask = self.port.ask.borrow_mut().take();
                Progress::Ask(ask.expect("a trial waits for nothing but the answer to an ask"))
            }
        }
    }

    /// The most by which the harness was late so far.
    #[must_use]
    pub fn lateness(&self) -> Duration {
        self.port.lateness()
    }

    /// What was done to packets on the link, once the trial is over.
    #[must_use]
    pub fn happened(&self) -> Vec<Happened> {
        self.port.happened.borrow().clone()
    }
}

impl fmt::Debug for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interpreter").finish_non_exhaustive()
    }
}

/// Runs a trial to its end on a stack, in a plain loop.
pub fn drive(plan: Plan, stack: &mut dyn StackUnderTest) -> Trial {
    play_out(&mut Interpreter::new(plan), stack)
}

/// The same, and what was done to packets on the link.
pub fn drive_on_link(plan: Plan, stack: &mut dyn StackUnderTest) -> (Trial, Vec<Happened>) {
    let mut interpreter = Interpreter::new(plan);
    let trial = play_out(&mut interpreter, stack);
    (trial, interpreter.happened())
}

fn play_out(interpreter: &mut Interpreter, stack: &mut dyn StackUnderTest) -> Trial {
    let mut answer = None;
    loop {
        answer = Some(match interpreter.resume(answer) {
            Progress::Done(trial) => return *trial,
            Progress::Ask(Ask::Open(setup)) => stack.open(&setup),
            Progress::Ask(Ask::Call(call)) => stack.call(&call),
            Progress::Ask(Ask::Deliver(packets)) => stack.deliver(&packets),
            Progress::Ask(Ask::Run(until, stop)) => stack.run(until, stop),
            Progress::Ask(Ask::Leap(to)) => stack.leap(to),
        });
    }
}

/// Where ask and answer are handed over between the trial and its holder.
#[derive(Debug, Default)]
pub(crate) struct Port {
    ask: RefCell<Option<Ask>>,
    answer: RefCell<Option<Answer>>,
    /// The most by which the harness was late in whatever the step under way
    /// rests on: its acts, and when it began.
    before: Cell<Duration>,
    /// The most by which it has waited too long since it last acted.
    waits: Cell<Duration>,
    /// What was done to packets on the link.
    pub(crate) happened: RefCell<Vec<Happened>>,
}

impl Port {
    /// Waits for the answer to `ask`.
    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        let acts = !matches!(ask, Ask::Run(..) | Ask::Leap(_));
        *self.ask.borrow_mut() = Some(ask);
        let answer = poll_fn(|_| {
            self.answer
                .borrow_mut()
                .take()
                .map_or(Poll::Pending, Poll::Ready)
        })
        .await;
        let late = answer.as_ref().map_or(Duration::ZERO, |reply| reply.late);
        if acts {
            let late = late + self.waits.take();
            self.before.set(self.before.get().max(late));
        } else {
            self.waits.set(self.waits.get().max(late));
        }
        answer
    }

    /// A step begins, late if the last wait was too long.
    pub(crate) fn begin_step(&self) {
        self.before.set(self.lateness());
    }

    /// The most by which the harness was late so far.
    pub(crate) fn lateness(&self) -> Duration {
        self.before.get().max(self.waits.get())
    }

    /// The same without the wait of the step under way.
    pub(crate) const fn lateness_before_wait(&self) -> Duration {
        self.before.get()
    }
}
