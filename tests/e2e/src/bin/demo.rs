//! The demo that `make up` ends with: a vendor, a customer, a product and an order, through the ingress.
//! It can be run again: every run creates new accounts and a new product.

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use e2e::{Cluster, Shop, Stack, environment};

/// Shows that a shop works: registers a vendor and a customer, and places an order.
#[derive(Parser)]
struct Arguments {
    /// Namespace of the stack.
    #[arg(long, default_value = "shop")]
    namespace: String,
    /// Name of the stack.
    #[arg(long, default_value = "shop")]
    stack: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match demo(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn demo(Arguments { namespace, stack }: Arguments) -> Result<()> {
    let cluster = Cluster::connect().await?;
    let stack = Stack::new(&cluster, &namespace, &stack);
    let host = host(&stack).await?;
    let shop = Shop::at(&host)?;
    let hint = format!(
        "for the state and the logs, run: kubectl -n {namespace} get estack,pods; \
         kubectl -n {namespace} logs -l app.kubernetes.io/part-of=ecommercestack --prefix --tail=20"
    );
    let sold = sell(&shop).await;
    sold.with_context(|| format!("the demo failed; {hint}"))?;
    goodbye(&stack, &host);
    Ok(())
}

/// The stack's host name, once it is Ready.
async fn host(stack: &Stack) -> Result<String> {
    let Stack {
        namespace, name, ..
    } = stack;
    let found = stack.api().get_opt(name).await?;
    let found = found.with_context(|| {
        format!("no stack {name} in namespace {namespace}; create one: kubectl apply -n {namespace} -f manifests/samples/minimal.yaml")
    })?;
    let ingress = found.spec.ingress.with_context(|| {
        format!(
            "stack {name} has no spec.ingress, so it cannot be reached from outside the cluster"
        )
    })?;
    stack.serving().await.with_context(|| {
        format!("stack {name} is not ready; for the reason, run: kubectl -n {namespace} describe estack {name}")
    })?;
    // Any host will do for a stack that names none.
    Ok(ingress.host.unwrap_or_else(|| "localhost".to_owned()))
}

async fn sell(shop: &Shop) -> Result<()> {
    let vendor = shop.register("vendor").await?;
    println!("vendor    {} registered", vendor.email);
    let customer = shop.register("customer").await?;
    println!("customer  {} registered", customer.email);
    let product = vendor.sells("Enamel mug", "12.50", 5).await?;
    println!("product   {} is on sale: 5 units at 12.50", product.sku);
    let order = customer.orders(&product.sku, 2).await?;
    let (number, total) = (
        order["number"].to_string(),
        order["totals"]["total"]["amount"].as_str().unwrap_or("?"),
    );
    println!(
        "order     {} of 2 units is {}: {total} {}",
        number.trim_matches('"'),
        word(&order["status"]),
        word(&order["currency"])
    );
    let available = customer.available(&product).await?;
    println!("stock     {available} units are still available");
    ensure!(
        available == 3,
        "expected 3 available units of 5 after an order of 2"
    );
    Ok(())
}

fn goodbye(stack: &Stack, host: &str) {
    let Stack {
        namespace, name, ..
    } = stack;
    let address = environment::ingress_address();
    let (_, port) = address.rsplit_once(':').unwrap_or((&address, "80"));
    println!(
        "\nThe shop is available at http://{host}:{port} (or run: curl -H 'Host: {host}' http://{address}/api/v1/products)"
    );
    for service in ["auth", "product", "order"] {
        println!("  {service:<8} http://{host}:{port}/api/v1/{service}/docs/");
    }
    println!("To print the administrator's e-mail address and password, run:");
    for key in ["email", "password"] {
        println!(
            "  kubectl -n {namespace} get secret {name}-admin -o jsonpath='{{.data.{key}}}' | base64 -d; echo"
        );
    }
}

fn word(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or("?")
}
