-- The log has the entries of all services: each sends its own, which auth receives with the name of the caller.
-- A constant default rewrites no row; auth itself, and its previous release, write no service.
-- The target is then also an order (`ord_…`), a product (`prd_…`), a payment (`pay_…`), a SKU or a location.
ALTER TABLE audit_log ADD COLUMN service text COLLATE "C" NOT NULL DEFAULT 'auth';

CREATE INDEX audit_log_service ON audit_log (service, id);
