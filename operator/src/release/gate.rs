//! Releases: which image each component may run. Pure. A gate opens when the new image's Job has succeeded; a closed
//! gate holds back the image and nothing else (OPERATOR 2).

use crate::{
    component::{Application, POSTGRES},
    credentials::Credentials,
    fetched::Fetched,
    kube::{
        job_state::{JobState, job_state},
        pod_failures, rollout_state,
    },
    release::jobs::{self, BOOTSTRAP_CREDENTIALS},
    validate::ValidStack,
};
use ecommercestack_crds::{ComponentStatus, ComponentStatuses, EcommerceStack};
use k8s_openapi::api::{batch::v1::Job, core::v1::PodTemplateSpec};
use kube::ResourceExt as _;

/// Which image each component may run, and the Jobs that decide it.
#[derive(Clone, Debug)]
pub struct Releases {
    pub postgres: PostgresRelease,
    pub applications: [Release; 3],
}

/// The database's image and its bootstrap.
#[derive(Clone, Debug)]
pub struct PostgresRelease {
    pub image: String,
    /// The database answers and runs its newest template.
    pub up: bool,
    pub bootstrap: Option<Gate>,
}

/// A service's image and its migration.
#[derive(Clone, Debug)]
pub struct Release {
    /// Absent until the first migration has succeeded.
    pub image: Option<String>,
    pub migration: Option<Gate>,
}

/// A Job that has to succeed first. Its name is known once the database has been initialized and its Secrets can be
/// used.
#[derive(Clone, Debug)]
pub struct Gate {
    pub job: Job,
    pub state: JobState,
    /// Whether the prerequisites of the Job are met.
    pub may_start: bool,
}

impl Releases {
    pub fn of(&self, application: Application) -> &Release {
        &self.applications[application as usize]
    }

    /// Every Job that the stack wants, or `None` while their names are not known yet.
    pub fn gates(&self) -> Option<Vec<&Gate>> {
        let applications = self.applications.iter();
        let migrations = applications.map(|release| release.migration.as_ref());
        let bootstrap = std::iter::once(self.postgres.bootstrap.as_ref());
        bootstrap.chain(migrations).collect()
    }
}

/// Decides what may run.
pub fn decide(stack: &ValidStack, fetched: &Fetched, credentials: &Credentials) -> Releases {
    let postgres = decide_postgres(stack, fetched, credentials);
    let bootstrapped = postgres.bootstrap.as_ref().is_some_and(Gate::is_open);
    let may_migrate = postgres.up && bootstrapped && postgres.image == stack.database.image;
    // No component gets a new image before the components that it calls.
    let mut predecessors_released = true;
    let applications = Application::ALL.map(|application| {
        let target = stack.image(application);
        let migration = fetched.system_identifier.as_deref().map(|identifier| {
            Gate::new(
                fetched,
                jobs::migration(stack, application, identifier),
                may_migrate,
            )
        });
        let status = statuses(&fetched.stack);
        let status = status.and_then(|components| status_of(components, application));
        let promoted = status
            .and_then(|status| status.image.clone())
            .or_else(|| live_image(stack, fetched, application));
        let opens = migration.as_ref().is_some_and(Gate::is_open)
            && (predecessors_released || promoted.is_none());
        let image = if opens {
            Some(target.to_owned())
        } else {
            promoted
        };
        predecessors_released &= image.as_deref() == Some(target);
        Release { image, migration }
    });
    Releases {
        postgres,
        applications,
    }
}

/// The bootstrap Job proves the database's new image before the pod is restarted with it.
fn decide_postgres(
    stack: &ValidStack,
    fetched: &Fetched,
    credentials: &Credentials,
) -> PostgresRelease {
    let target = &stack.database.image;
    let set = fetched.live.stateful_sets.get(&stack.object(POSTGRES));
    let ready = set
        .and_then(|set| set.status.as_ref()?.ready_replicas)
        .is_some_and(|ready| ready >= 1);
    // Without one of the Secrets its name is not known: under another name the Job would run again, and the completed
    // one would be pruned. It would also be unknown whether a migration can log in, so new images wait.
    let usable = credentials.first_unusable(&BOOTSTRAP_CREDENTIALS).is_none();
    let identifier = fetched.system_identifier.as_deref().filter(|_| usable);
    let bootstrap = identifier.map(|identifier| {
        Gate::new(
            fetched,
            jobs::bootstrap(stack, credentials, identifier),
            ready,
        )
    });
    let promoted = statuses(&fetched.stack)
        .and_then(|components| components.postgres.as_ref()?.image.clone())
        .or_else(|| image_of(&set?.spec.template));
    let proven = bootstrap.as_ref().is_some_and(Gate::is_open);
    // A database that was never initialized, or cannot run its present image, loses nothing by the new one.
    let held = !proven
        && fetched.system_identifier.is_some()
        && set.is_some()
        && !is_broken(stack, fetched);
    let image = promoted.filter(|_| held).unwrap_or_else(|| target.clone());
    PostgresRelease {
        image,
        up: set.is_some_and(rollout_state::is_up_to_date),
        bootstrap,
    }
}

fn is_broken(stack: &ValidStack, fetched: &Fetched) -> bool {
    let pods = pod_failures::pods_of(&fetched.pods, &stack.name, POSTGRES);
    pod_failures::of_pods(pods).is_some()
}

impl Gate {
    fn new(fetched: &Fetched, job: Job, may_start: bool) -> Self {
        let state = job_state(&fetched.live.jobs, &job.name_any());
        Self {
            job,
            state,
            may_start,
        }
    }

    pub fn is_open(&self) -> bool {
        self.state == JobState::Succeeded
    }
}

fn statuses(stack: &EcommerceStack) -> Option<&ComponentStatuses> {
    stack.status.as_ref()?.components.as_ref()
}

/// The status of a service.
pub fn status_of(
    components: &ComponentStatuses,
    application: Application,
) -> Option<&ComponentStatus> {
    let status = match application {
        Application::Auth => &components.auth,
        Application::Product => &components.product,
        Application::Order => &components.order,
    };
    status.as_ref()
}

/// A lost status is read from the live Deployment. // OPERATOR 2
fn live_image(stack: &ValidStack, fetched: &Fetched, application: Application) -> Option<String> {
    let deployments = &fetched.live.deployments;
    let deployment = deployments.get(&stack.object(application.into_str()))?;
    image_of(&deployment.spec.template)
}

fn image_of(template: &PodTemplateSpec) -> Option<String> {
    template.spec.as_ref()?.containers.first()?.image.clone()
}
