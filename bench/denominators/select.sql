-- The row that GET /products/{id} reads (product: catalog/products/postgres/products.rs by_id), over TCP.
\set product random(1, 10000)
SELECT p.id, p.vendor_id, p.sku, p.slug, p.name, p.description, p.price_minor, p.category, p.metadata, p.status, p.version, p.created_at, p.updated_at,
    p.deleted_at FROM products p WHERE p.id = ('000000000000700080000000' || lpad(to_hex(:product::int), 8, '0'))::uuid AND p.deleted_at IS NULL;
